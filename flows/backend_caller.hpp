#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>

#include <caf/all.hpp>

#include "flows/backend_call.hpp"
#include "flows/webhook_permits.hpp"
#include "net/http_client.hpp"

namespace switchboard::flows {

/// What came of one attempt; of the caller to itself.
struct attempt_outcome {
  std::uint64_t id = 0;
  std::shared_ptr<net::http_outcome> what;
};

/// What came of asking for a permit; of the caller to itself.
struct permit_outcome {
  std::string target;
  std::string origin;
  std::string address;
  std::shared_ptr<net::http_outcome> what;
};

/// A large body was read for its signature; of the caller to itself.
struct attempt_signature {
  std::uint64_t id = 0;
  /// Empty where it could not be read.
  std::string text;
};

/// Begins the next attempt; of the caller to itself.
using attempt_atom = caf::atom_constant<caf::atom("attempt")>;

/// The time of a call that waits for a permit may be over; of the caller to
/// itself.
using permit_late_atom = caf::atom_constant<caf::atom("permitlate")>;

/// No attempt takes longer than the time behind it from now on, and none is
/// repeated: the end is near.
using hurry_atom = caf::atom_constant<caf::atom("hurry")>;

/// Makes the requests of all flows: retries, signatures, permits. Runs on CAF's
/// scheduler, the requests themselves on a thread of their own. Takes
/// `backend_call` and `hurry_atom` with a `caf::timespan`.
class backend_caller final : public caf::event_based_actor {
public:
  backend_caller(caf::actor_config& config,
                 std::unique_ptr<net::http_client> client);

  const char* name() const override;
  void on_exit() override;

protected:
  caf::behavior make_behavior() override;

private:
  struct job {
    backend_call call;
    caf::response_promise promise;
    /// Attempts made again.
    std::uint32_t retries = 0;
    /// Whether it waits for the next one.
    bool sleeping = false;
    /// Whether it waits for a permit.
    bool waiting = false;
    /// When its attempt has taken too long.
    net::clock::time_point late{};
  };

  void begin(std::uint64_t id);
  /// Attempts it where the target wants events, or waits to learn that.
  void seek_permit(std::uint64_t id, job& what);
  void give_up_waiting(std::uint64_t id);
  void attempt(std::uint64_t id, const job& what);
  void send_attempt(std::uint64_t id, net::http_call call);
  void take(const attempt_signature& signature);
  void ask_for_permit(const job& what);
  void take(const permit_outcome& outcome);
  void take(const attempt_outcome& outcome);
  void take(std::uint64_t id, net::http_failure why);
  void refuse(std::uint64_t id, const std::string& address);
  void hurry(std::chrono::nanoseconds limit);
  /// Attempts it once more where the strategy allows.
  bool repeat(std::uint64_t id);
  void fail(std::uint64_t id, caf::error why);

  net::http_call make_call(const job& what) const;
  /// Of one attempt.
  std::chrono::nanoseconds patience(const backend_call& call) const;

  std::unique_ptr<net::http_client> client_;
  webhook_permits permits_;
  std::unordered_map<std::uint64_t, job> jobs_;
  std::uint64_t last_id_ = 0;
  bool hurrying_ = false;
  std::minstd_rand dice_{std::random_device{}()};
};

} // namespace switchboard::flows

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::flows::attempt_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::flows::permit_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::flows::attempt_signature)
