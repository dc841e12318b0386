#pragma once

#include <cstddef>
#include <string_view>

#include <switchboard/messages.hpp>

#include "actors/bound_actor.hpp"
#include "actors/delivery_watch.hpp"

namespace switchboard::actors {

/// A broadcast of a large message on one shard: answered when the last of its
/// sockets has written it or is lost. Each goes at its own pace.
class large_walk final : public delivery_watch {
public:
  explicit large_walk(reply answer) : answer_(std::move(answer)) {
    // nop
  }

  /// A socket matched.
  /// @param problem why it cannot be reached; empty where it has taken the
  ///        message.
  /// @param tells whether `delivered` follows.
  void add(const socket& who, std::string_view problem, bool tells);

  /// No socket follows.
  void complete();

  void delivered(const socket& to, std::string_view problem) override;

private:
  void settle();

  reply answer_;
  broadcast_result result_;
  std::size_t open_ = 0;
  bool complete_ = false;
};

} // namespace switchboard::actors
