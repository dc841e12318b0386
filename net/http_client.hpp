#pragma once

#include <memory>

#include "net/http_call.hpp"

namespace switchboard::net {

/// Makes requests of HTTP/1.1 on a thread of its own: connections are kept and
/// bounded, requests wait in bounded queues. Nothing is repeated but, once,
/// what a kept connection has lost before a byte of the answer came, where it
/// is idempotent or was not sent at all.
class http_client {
public:
  /// Fails with std::system_error where the process has no descriptors left.
  http_client();

  /// Requests under way fail first.
  ~http_client();

  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// Any thread.
  /// @param done called once, on the client's thread, never from within the
  ///        call; must not block.
  void ask(http_call call, http_callback done);

  /// No request shall take longer than this from now on, those to come
  /// counted. Any thread.
  void end_within(std::chrono::nanoseconds patience);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace switchboard::net
