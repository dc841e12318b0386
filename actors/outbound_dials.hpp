#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include <caf/all.hpp>

#include "actors/internal.hpp"
#include "actors/shard.hpp"
#include "net/dial.hpp"

namespace switchboard::actors {

/// The outbound handshakes of one shard that are under way. The shard's
/// thread only.
class outbound_dials {
public:
  /// Takes a finished handshake.
  /// @returns the socket that has the connection now.
  using taker = std::function<caf::expected<caf::strong_actor_ptr>(
      open_outbound& request, net::dialed&& what)>;

  outbound_dials(shard& home, taker take);

  ~outbound_dials();

  /// Begins a handshake. Answered with the socket's handle, or with why there
  /// is none.
  void open(open_outbound request, reply answer);

  /// Tries to reach the peer. Answered with nothing.
  void test(const test_outbound& request, reply answer);

  /// A socket is gone: it wants no connection any more.
  void cancel(const caf::strong_actor_ptr& socket);

  /// Cuts all short and begins no more.
  void close();

private:
  class attempt;

  void begin(open_outbound request, net::dial::purpose why, reply answer);
  void done(attempt& who);

  shard& home_;
  taker take_;
  std::unordered_map<attempt*, std::unique_ptr<attempt>> attempts_;
  bool closed_ = false;
};

} // namespace switchboard::actors
