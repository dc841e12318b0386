#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

#include "actors/outbound_dials.hpp"
#include "actors/routes.hpp"
#include "actors/shard.hpp"
#include "actors/socket.hpp"
#include "net/acceptor.hpp"
#include "net/listener.hpp"

namespace switchboard::net {

class authenticator;

} // namespace switchboard::net

namespace switchboard::actors {

/// Takes a socket into a shard's books before its first event.
class socket_adopter {
public:
  virtual void adopt(const caf::strong_actor_ptr& handle,
                     const std::vector<std::string>& groups) = 0;

  /// A socket that was adopted came with a token that expires.
  virtual void expires(socket& who,
                       std::chrono::system_clock::time_point when) = 0;

protected:
  ~socket_adopter() = default;
};

/// Where net/ meets actors/ on one shard: answers the listeners' questions
/// and makes an actor of every finished handshake.
class gateway final : private net::listener_delegate {
public:
  gateway(shard& home, socket_host& host, socket_adopter& adopter,
          report_function report);

  void install(config_routes_ptr routes) {
    routes_.install(std::move(routes));
  }

  void open_listener(net::unique_fd fd,
                     std::shared_ptr<net::listener_state> state);

  void change_listener(const actors::change_listener& what);
  void retire_listener(const actors::retire_listener& what);

  /// Accepts and opens nothing any more.
  void close();

  void open_outbound(const actors::open_outbound& request, reply answer) {
    dials_.open(request, std::move(answer));
  }

  void test_outbound(const actors::test_outbound& request, reply answer) {
    dials_.test(request, std::move(answer));
  }

  /// Whom a listener lets in.
  /// @returns null where it asks nobody, or accepts no more.
  std::shared_ptr<const net::authenticator>
  authenticator_of(const std::string& listener) const;

  /// A socket is gone for good.
  void forget(const caf::strong_actor_ptr& socket) {
    dials_.cancel(socket);
  }

private:
  std::optional<net::upgrade_route>
  route(const net::listener_state& listener,
        const net::http_request& request) override;

  void open(net::upgraded&& what) override;

  void refused(const net::listener_state& listener, unsigned status,
               std::string_view remote_address,
               std::string_view detail) override;

  void credentials_refused(const net::listener_state& listener,
                           std::string_view remote_address,
                           std::string_view why) override;

  void limit_reached(const net::listener_state& listener,
                     net::listener_limit what) override;

  void abandoned(const net::listener_state& listener) override;

  void accept_failed(const net::listener_state& listener,
                     const boost::system::error_code& error) override;

  caf::expected<caf::strong_actor_ptr> take(actors::open_outbound& request,
                                            net::dialed&& what);

  shard& home_;
  socket_host& host_;
  socket_adopter& adopter_;
  report_function report_;
  route_table routes_;
  outbound_dials dials_;
  std::vector<std::unique_ptr<net::acceptor>> acceptors_;
};

} // namespace switchboard::actors
