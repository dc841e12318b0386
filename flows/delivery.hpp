#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <caf/all.hpp>

#include <switchboard/error.hpp>

#include "flows/failure_record.hpp"
#include "flows/id_locks.hpp"
#include "flows/store/object_store.hpp"
#include "flows/value.hpp"

namespace switchboard::flows {

/// What the runners of a flow with `redelivery` share.
struct redelivery_guard {
  explicit redelivery_guard(std::shared_ptr<object_store> counts)
      : store(std::move(counts)) {
    // nop
  }

  const std::shared_ptr<object_store> store;
  id_locks locks;
};

/// What a store has answered; of a runner to itself.
struct store_outcome {
  std::uint64_t job = 0;
  store_answer answer;
};

/// The digest of a large message; of a runner to itself.
struct digest_outcome {
  std::uint64_t job = 0;
  /// Empty: it cannot be had.
  std::string digest;
};

/// One event on its way through a flow with a policy: any number of attempts,
/// then, where all have failed, `on_error` and the dead letter.
struct delivery {
  enum class stage : std::uint8_t {
    /// What tells a large message from others is found out.
    identifying,
    /// Another run has the message's id.
    locking,
    /// Its failures are looked up.
    loading,
    running,
    /// What came of the run is written down.
    counting,
    /// It waits for the next attempt.
    sleeping,
    handling,
    burying,
  };

  /// Null where its flow has no `redelivery`.
  std::shared_ptr<redelivery_guard> guard;
  stage at = stage::running;
  value payload;
  /// Of its entry in the store; empty: not known yet.
  std::string key;
  /// Whether the id is locked for it.
  bool holds_lock = false;
  /// Attempts after the first.
  std::uint32_t retries = 0;
  failure_record record;
  /// Whether the store has an entry.
  bool is_known = false;
  /// Why the last attempt failed.
  std::optional<error_text> error;
  /// Whether that is the last of the record.
  bool is_counted = false;
  std::shared_ptr<const error_list> past;

  /// Whether steps are at work.
  bool is_running() const noexcept {
    return at == stage::running || at == stage::handling
           || at == stage::burying;
  }
};

} // namespace switchboard::flows

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::flows::digest_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::flows::store_outcome)
