#include "net/peer_check.hpp"

#include <utility>

#include "net/revocation_guard.hpp"

namespace switchboard::net {

void peer_check::begin(const tls_context& context, SSL* connection) {
  if (auto guard = context.guard())
    pending_ = guard->begin(connection, problem_);
}

handshaking_wire::progress peer_check::judge(const tls_context& context,
                                             SSL* connection,
                                             std::string& problem) {
  if (pending_) {
    auto known = pending_->get();
    if (!known)
      return handshaking_wire::progress::wants_verdict;
    problem_ = std::move(*known);
    pending_.reset();
  }
  if (problem_.empty())
    return handshaking_wire::progress::done;
  problem = problem_;
  // What was agreed on with it is not resumed either.
  context.forget(connection);
  return handshaking_wire::progress::failed;
}

} // namespace switchboard::net
