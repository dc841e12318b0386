#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

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

  /// Accepts under other options from here on; handshakes under way keep
  /// theirs.
  void use(std::shared_ptr<listener_state> state) {
    state_ = std::move(state);
  }

  /// Takes what waits in the system's queue, then accepts no more.
  /// @param on_idle called once no handshake is under way, maybe at once;
  ///        disposes of it.
  void retire(std::function<void()> on_idle);

  const std::shared_ptr<listener_state>& state() const noexcept {
    return state_;
  }

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
  /// Set when it accepts no more.
  std::function<void()> on_idle_;
  /// Whether accepting waits for a session to end.
  bool full_ = false;
};

} // namespace switchboard::net
