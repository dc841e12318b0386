#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/address_counts.hpp"
#include "net/handshake.hpp"
#include "net/listener.hpp"
#include "net/loop.hpp"
#include "net/wire.hpp"

namespace switchboard::net {

class handshake_session;
struct admission_check;

/// Why a connection is refused, whatever it asks for.
enum class refusal : std::uint8_t { none, connections, address, memory };

/// @pre not `none`
listener_limit limit_of(refusal why) noexcept;

/// The address alone of `address:port`.
std::string_view without_port(std::string_view address) noexcept;

/// Whoever keeps sessions alive.
class session_owner {
public:
  /// The session has ended; it is to be disposed of through the loop.
  virtual void session_done(handshake_session& session) = 0;

protected:
  ~session_owner() = default;
};

/// One accepted connection up to its upgrade: encrypts where the listener
/// does, reads the request, answers it, hands a WebSocket on or serves a page
/// or refuses.
class handshake_session final : public io_handler, private timer {
public:
  /// @param refused answer every request with 503 or 429.
  /// @param place among those of its address; null: it holds none.
  handshake_session(loop& home, unique_fd fd,
                    std::shared_ptr<listener_state> state,
                    listener_delegate& delegate, session_owner& owner,
                    refusal refused,
                    std::unique_ptr<address_place> place = nullptr);

  ~handshake_session() override;

  /// Registers with the loop and starts the clock.
  /// @returns false where the loop has no room.
  bool start();

  /// Ends at once.
  void cut();

private:
  enum class stage : std::uint8_t {
    encrypting,
    reading,
    /// Waiting for what credentials are good for.
    authenticating,
    /// Writing the answer to an upgrade.
    upgrading,
    /// Writing an answer that ends the connection.
    refusing,
    /// Waiting for the peer's end, so that unread input does not reset the
    /// answer away.
    draining,
    done,
  };

  void on_io(std::uint32_t events) override;
  void on_timer() override;

  void encrypt();
  void await_verdict(int fd);
  void end_verdict();
  void read();
  void answer();
  bool authenticate();
  void end_authentication();
  void give_up_authentication();
  void deny();
  void upgrade();
  bool serve_page();
  /// The address that the request comes from; none where that is unknown.
  std::optional<address_key> client() const;
  bool find_place();
  void refuse(refusal why);
  void accept(const upgrade_terms& terms);
  void reject(const http_rejection& rejection);
  void send(std::string bytes, stage next);
  void write();
  void begin_drain();
  void drain();
  void watch(std::uint32_t events);
  void end();

  loop& loop_;
  std::unique_ptr<wire> wire_;
  /// The same while TLS shakes hands, else null.
  handshaking_wire* encrypting_ = nullptr;
  std::shared_ptr<listener_state> state_;
  listener_delegate& delegate_;
  session_owner& owner_;
  connection_lease lease_;
  request_reader reader_;
  http_request request_;
  /// Null where nobody was asked.
  std::unique_ptr<admission_check> checked_;
  std::unique_ptr<upgraded> result_;
  std::vector<std::byte> behind_;
  std::string output_;
  std::size_t written_ = 0;
  std::size_t drained_ = 0;
  stage stage_ = stage::reading;
  /// What the loop watches for.
  std::uint32_t interest_ = 0;
  /// Watched in place of the wire, which has nothing to say; -1: is not.
  int verdict_fd_ = -1;
  refusal refused_ = refusal::none;
  bool registered_ = false;
};

} // namespace switchboard::net
