#include "actors/gateway.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <utility>

#include <openssl/rand.h>

namespace switchboard::actors {

namespace {

void make_lower(std::string& text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
}

std::shared_ptr<const handshake_attributes>
attributes_of(net::upgraded& what, const socket_route& route) {
  handshake_fields result;
  auto& request = what.request;
  result.socket_id = make_socket_id();
  result.type = socket_type::inbound;
  result.config = route.config->config;
  result.request_uri = std::move(request.target);
  result.relative_path = std::move(what.route.relative_path);
  result.headers = std::move(request.headers);
  for (auto& [name, value] : result.headers)
    make_lower(name);
  result.uri_params = std::move(what.route.uri_params);
  result.secure = what.stream->secure();
  result.local_address = std::move(what.local_address);
  result.remote_address = std::move(what.remote_address);
  result.subprotocol = std::move(what.subprotocol);
  result.connected_at = caf::make_timestamp();
  return make_handshake(result);
}

using id_bytes = std::array<unsigned char, 16>;

/// Takes them from a store of the thread: asking the generator costs nearly
/// the same for many as for one.
id_bytes random_id() {
  thread_local std::array<id_bytes, 64> store;
  thread_local std::size_t left = 0;
  if (left == 0) {
    RAND_bytes(store.front().data(), sizeof store);
    left = store.size();
  }
  return store[--left];
}

} // namespace

std::string make_socket_id() {
  auto bytes = random_id();
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  result.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      result += '-';
    result += digits[bytes[i] >> 4];
    result += digits[bytes[i] & 0x0F];
  }
  return result;
}

gateway::gateway(shard& home, socket_host& host, socket_adopter& adopter,
                 report_function report)
    : home_(home), host_(host), adopter_(adopter), report_(std::move(report)) {}

void gateway::open_listener(net::unique_fd fd,
                            std::shared_ptr<net::listener_state> state) {
  auto& acceptor = acceptors_.emplace_back(std::make_unique<net::acceptor>(
      home_.loop(), std::move(fd), std::move(state),
      static_cast<net::listener_delegate&>(*this)));
  acceptor->start();
}

void gateway::close_listeners() {
  for (auto& acceptor : std::exchange(acceptors_, {})) {
    acceptor->stop();
    home_.loop().dispose(std::move(acceptor));
  }
}

std::optional<net::upgrade_route>
gateway::route(const net::listener_state& listener,
               const net::http_request& request) {
  net::upgrade_route result;
  auto found = routes_.find(listener.options.name, request.path,
                            result.relative_path, result.uri_params);
  if (!found)
    return std::nullopt;
  result.connection = found->config->connection;
  result.subprotocols = found->config->subprotocols;
  result.context = std::make_shared<const socket_route>(std::move(*found));
  return result;
}

void gateway::open(net::upgraded&& what) {
  auto route = *static_cast<const socket_route*>(what.route.context.get());
  auto groups = route.messages->default_groups;
  auto attributes = attributes_of(what, route);
  auto connection = std::make_unique<net::connection>(
      home_.loop(), std::move(what.stream), route.config->connection,
      what.compression);
  if (report_)
    report_({report::severity::debug,
             "socket opened",
             {{"socket", std::string{attributes->socket_id()}},
              {"config", std::string{attributes->config()}},
              {"path", std::string{attributes->path()}},
              {"remote", std::string{attributes->remote_address()}}}});
  auto handle = make_bound<socket>(home_, host_, std::move(attributes),
                                   std::move(route), std::move(what.lease));
  adopter_.adopt(handle, groups);
  static_cast<socket*>(handle->get())
      ->start(std::move(connection), what.received);
}

void gateway::refused(const net::listener_state& listener, unsigned status,
                      std::string_view remote_address,
                      std::string_view detail) {
  if (report_)
    report_({report::severity::debug,
             "handshake refused",
             {{"listener", listener.options.name},
              {"remote", std::string{remote_address}},
              {"status", std::to_string(status)},
              {"detail", std::string{detail}}}});
}

void gateway::accept_failed(const net::listener_state& listener,
                            const boost::system::error_code& error) {
  if (report_)
    report_(
        {report::severity::warning,
         "accepting pauses",
         {{"listener", listener.options.name}, {"error", error.message()}}});
}

} // namespace switchboard::actors
