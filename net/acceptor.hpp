#pragma once

#include <memory>
#include <unordered_map>

#include "net/handshake_session.hpp"
#include "net/listener.hpp"
#include "net/loop.hpp"

struct sockaddr_storage;

namespace switchboard::net {

/// One shard's part of a listener: accepts, and owns the handshakes that are
/// under way. Destroyed through `loop::dispose`, after `stop`.
class acceptor final : public io_handler, private timer, private session_owner {
public:
  acceptor(loop& home, unique_fd socket, std::shared_ptr<listener_state> state,
           listener_delegate& delegate);

  ~acceptor() override;

  /// Begins to accept.
  void start();

  /// Accepts no more and cuts the handshakes under way.
  void stop();

private:
  void on_io(std::uint32_t events) override;
  void on_timer() override;
  void session_done(handshake_session& session) override;

  bool accept_one();
  bool may_accept();
  refusal judge(const sockaddr_storage& peer,
                std::unique_ptr<address_place>& place);
  void listen_no_more() noexcept;
  void pause(int error);

  loop& loop_;
  unique_fd socket_;
  std::shared_ptr<listener_state> state_;
  listener_delegate& delegate_;
  std::unordered_map<handshake_session*, std::unique_ptr<handshake_session>>
      sessions_;
  bool listening_ = false;
  /// Whether accepting waits for a session to end.
  bool full_ = false;
};

} // namespace switchboard::net
