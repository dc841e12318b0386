#include "service/api/server.hpp"

#include <thread>
#include <unordered_set>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "service/api/bridge.hpp"
#include "service/api/connection.hpp"
#include "service/api/problem.hpp"

namespace switchboard::service::api {

namespace asio = boost::asio;

using asio::ip::tcp;
using boost::system::error_code;

namespace {

std::string to_text(const tcp::endpoint& what) {
  auto host = what.address().to_string();
  if (what.address().is_v6())
    host = "[" + host + "]";
  return host + ":" + std::to_string(what.port());
}

/// Opens, binds and listens.
error_code listen(tcp::acceptor& on, const tcp::endpoint& where) {
  error_code failure;
  on.open(where.protocol(), failure);
  if (!failure)
    on.set_option(tcp::acceptor::reuse_address(true), failure);
  if (!failure)
    on.bind(where, failure);
  if (!failure)
    on.listen(asio::socket_base::max_listen_connections, failure);
  if (failure) {
    error_code ignored;
    on.close(ignored);
  }
  return failure;
}

guard guard_of(const admin_options& options, const backend& served) {
  if (!served.tls)
    return guard{options, nullptr};
  auto tls = served.tls->options();
  return guard{options, &tls};
}

} // namespace

struct server::impl {
  impl(const admin_options& options, const backend& served,
       report_function on_report, limits bounds)
      : acceptor(loop),
        retry(loop),
        grace(loop),
        shared{
            served, guard_of(options, served),           bounds,
            {},     std::make_shared<return_path>(loop), std::move(on_report)} {
  }

  caf::error bind(const admin_options& options) {
    tcp::resolver resolver{loop};
    error_code failure;
    auto found = resolver.resolve(options.host, std::to_string(options.port),
                                  tcp::resolver::numeric_service, failure);
    auto where = options.host + ":" + std::to_string(options.port);
    if (failure)
      return make_error(errc::connectivity, "the management API cannot listen "
                                            "on "
                                                + where + ": "
                                                + failure.message());
    failure = asio::error::host_not_found;
    auto& tls = shared.served.tls;
    auto by_certificate = tls && vouches_for_clients(tls->options());
    for (auto& entry : found) {
      if (options.tokens.empty() && !by_certificate
          && !entry.endpoint().address().is_loopback())
        return make_error(errc::invalid_argument,
                          "the management API needs tokens or certificates of "
                          "its clients to listen on "
                              + to_text(entry.endpoint())
                              + ", which is not loopback");
      failure = listen(acceptor, entry.endpoint());
      if (!failure)
        break;
    }
    if (failure)
      return make_error(errc::connectivity,
                        "the management API cannot listen on " + where + ": "
                            + failure.message());
    error_code ignored;
    address = to_text(acceptor.local_endpoint(ignored));
    return caf::none;
  }

  asio::awaitable<void> accept() {
    auto reported = false;
    while (acceptor.is_open()) {
      error_code failure;
      auto socket = co_await acceptor.async_accept(
          asio::redirect_error(asio::use_awaitable, failure));
      if (!acceptor.is_open())
        co_return;
      if (!failure) {
        reported = false;
        take(std::move(socket));
        continue;
      }
      if (!std::exchange(reported, true))
        shared.report({report::severity::warning,
                       "the management API cannot accept: " + failure.message(),
                       {{"address", address}},
                       report_part::admin});
      // Descriptors may be free again after a while.
      retry.expires_after(std::chrono::milliseconds{100});
      co_await retry.async_wait(
          asio::redirect_error(asio::use_awaitable, failure));
    }
  }

  void take(tcp::socket socket) {
    // Refusing costs a connection, too.
    if (connections.size() >= 2 * shared.bounds.max_connections)
      return;
    auto fresh = std::make_shared<connection>(std::move(socket), shared);
    auto ptr = fresh.get();
    auto on_end = [this, ptr] {
      connections.erase(ptr);
      if (stopping && connections.empty())
        grace.cancel();
    };
    auto room = connections.size() < shared.bounds.max_connections;
    connections.emplace(ptr);
    if (room)
      fresh->start(std::move(on_end));
    else
      fresh->refuse(problem(503, "there are too many connections to the "
                                 "management API"),
                    std::move(on_end));
  }

  /// On the loop: lets what is in work end, then cuts.
  void wind_down() {
    error_code ignored;
    acceptor.close(ignored);
    retry.cancel();
    stopping = true;
    for (auto ptr : connections)
      ptr->wind_down();
    if (connections.empty())
      return;
    grace.expires_after(std::chrono::milliseconds{500});
    grace.async_wait([this](const error_code&) {
      for (auto ptr : connections)
        ptr->cut();
    });
  }

  asio::io_context loop{1};
  tcp::acceptor acceptor;
  asio::steady_timer retry;
  asio::steady_timer grace;
  shared_state shared;
  std::string address;
  /// Each keeps itself alive and leaves when it ends.
  std::unordered_set<connection*> connections;
  bool stopping = false;
  std::thread thread;
};

server::server(std::unique_ptr<impl> ptr) : impl_(std::move(ptr)) {}

caf::expected<std::unique_ptr<server>>
server::start(caf::actor_system& system, const admin_options& options,
              backend served, report_function on_report, limits bounds) {
  if (!on_report)
    on_report = [](const report&) {
    };
  auto registry = served.registry;
  auto inner =
      std::make_unique<impl>(options, served, std::move(on_report), bounds);
  if (auto failure = inner->bind(options))
    return failure;
  inner->shared.bridge = spawn_bridge(system, std::move(registry));
  asio::co_spawn(inner->loop, inner->accept(), asio::detached);
  inner->thread = std::thread{[ptr = inner.get()] {
    ptr->loop.run();
  }};
  inner->shared.report({report::severity::info,
                        "listening",
                        {{"listener", "admin"}, {"address", inner->address}},
                        report_part::admin});
  return std::unique_ptr<server>{new server{std::move(inner)}};
}

server::~server() {
  stop();
}

std::string server::address() const {
  return impl_->address;
}

void server::change_tokens(std::vector<std::string> tokens) {
  impl_->shared.back->post([ptr = impl_.get(), tokens = std::move(tokens)] {
    auto& tls = ptr->shared.served.tls;
    ptr->shared.access.change(tokens,
                              tls && vouches_for_clients(tls->options()));
    // Who may stay comes again, with a token that counts.
    for (auto each : ptr->connections)
      each->end_stream("the tokens of the management API have changed");
  });
}

void server::stop() {
  if (!impl_->thread.joinable())
    return;
  asio::post(impl_->loop, [ptr = impl_.get()] { ptr->wind_down(); });
  impl_->thread.join();
  impl_->shared.back->close();
  caf::anon_send_exit(impl_->shared.bridge, caf::exit_reason::user_shutdown);
}

} // namespace switchboard::service::api
