#pragma once

#include <string_view>

namespace switchboard::actors {

class socket;

/// Waits for what becomes of one large message in the queues of several
/// sockets. Called on the shard's thread.
class delivery_watch {
public:
  /// A socket has written all of it, or never will.
  /// @param problem empty where it has.
  virtual void delivered(const socket& to, std::string_view problem) = 0;

protected:
  ~delivery_watch() = default;
};

} // namespace switchboard::actors
