#include "service/api/connection.hpp"

#include <exception>
#include <new>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>

#include "service/api/ask.hpp"
#include "service/api/problem.hpp"
#include "service/api/target.hpp"

namespace switchboard::service::api {

namespace asio = boost::asio;
namespace http = boost::beast::http;

using boost::system::error_code;

namespace {

/// Most requests fit.
constexpr std::size_t first_read_size = 4096;

auto into(error_code& failure) {
  return asio::redirect_error(asio::use_awaitable, failure);
}

/// The refusal of a request that Beast cannot read; `nullopt` where the
/// connection is gone and nobody would read it.
std::optional<answer> refusal_of(const error_code& failure) {
  if (failure == http::error::header_limit
      || failure == http::error::buffer_overflow)
    return problem(431, "the header is larger than 16 KiB");
  if (failure == http::error::body_limit)
    return problem(413, "the body is too large");
  if (failure == http::error::end_of_stream
      || failure == http::error::partial_message)
    return std::nullopt;
  if (failure.category()
      == http::make_error_code(http::error::bad_method).category())
    return problem(errc::invalid_argument,
                   "the request is no HTTP/1.1: " + failure.message());
  return std::nullopt;
}

answer no_memory() {
  auto result = problem(503, "there is no memory for the request");
  result.headers.emplace_back("Retry-After", "5");
  return result;
}

/// @returns whether there is memory for so many bytes.
bool make_room(std::string& body, std::size_t size) {
  try {
    body.reserve(size);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

outcome handle(const route& to, const request& what, const backend& served) {
  try {
    return to.handle(what, served);
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

} // namespace

struct connection::waiter {
  explicit waiter(const asio::any_io_executor& loop) : signal(loop) {}

  asio::steady_timer signal;
  std::optional<answer> value;
};

connection::connection(tcp::socket socket, const shared_state& shared)
    : stream_(std::move(socket),
              shared.served.tls ? shared.served.tls->current() : nullptr),
      shared_(shared),
      buffer_(256 * 1024),
      deadline_(stream_.get_executor()) {}

void connection::start(std::function<void()> on_end) {
  auto run = [self = shared_from_this()] {
    return self->serve();
  };
  auto end = [self = shared_from_this(),
              on_end = std::move(on_end)](std::exception_ptr failure) {
    if (failure)
      self->shared_.report({report::severity::error,
                            "a connection of the management API failed",
                            {},
                            report_part::admin});
    self->cut();
    on_end();
  };
  asio::co_spawn(stream_.get_executor(), std::move(run), std::move(end));
}

void connection::refuse(answer what, std::function<void()> on_end) {
  auto run = [self = shared_from_this(),
              what = std::move(what)]() -> asio::awaitable<void> {
    auto ready = co_await self->encrypt();
    if (!ready)
      co_return;
    self->unread_ = true;
    auto copy = what;
    co_await self->write(std::move(copy), nullptr, false);
    co_await self->linger();
  };
  auto end = [self = shared_from_this(),
              on_end = std::move(on_end)](std::exception_ptr) {
    self->cut();
    on_end();
  };
  asio::co_spawn(stream_.get_executor(), std::move(run), std::move(end));
}

void connection::wind_down() {
  winding_down_ = true;
  if (!busy_)
    cut();
  else
    end_stream("the switchboard stops");
}

void connection::cut() {
  disarm();
  if (auto pending = waiter_.lock())
    pending->signal.cancel();
  if (auto feed = feed_.lock())
    feed->leave();
  stream_.cancel();
  error_code ignored;
  stream_.socket().close(ignored);
}

asio::awaitable<void> connection::serve() {
  auto again = co_await encrypt();
  if (!again)
    co_return;
  while (again)
    again = co_await serve_one();
  co_await linger();
}

asio::awaitable<bool> connection::encrypt() {
  if (!stream_.secure())
    co_return true;
  arm(shared_.bounds.header_timeout);
  auto problem = co_await stream_.shake_hands();
  disarm();
  if (!problem.empty())
    shared_.report({report::severity::debug,
                    "TLS failed: " + problem,
                    {{"listener", "admin"}},
                    report_part::admin});
  certified_ = problem.empty() && stream_.certified();
  co_return problem.empty();
}

asio::awaitable<bool> connection::wait_for_request() {
  busy_ = false;
  if (winding_down_)
    co_return false;
  if (buffer_.size() == 0) {
    arm(shared_.bounds.idle_timeout);
    error_code failure;
    auto got = co_await stream_.async_read_some(
        buffer_.prepare(first_read_size), into(failure));
    if (failure)
      co_return false;
    buffer_.commit(got);
  }
  busy_ = true;
  co_return true;
}

asio::awaitable<bool> connection::serve_one() {
  auto begun = co_await wait_for_request();
  if (!begun)
    co_return false;
  parser in;
  in.header_limit(static_cast<std::uint32_t>(shared_.bounds.max_header_size));
  in.body_limit(boost::none);
  arm(shared_.bounds.header_timeout);
  error_code failure;
  co_await http::async_read_header(stream_, buffer_, in, into(failure));
  disarm();
  if (failure) {
    auto refusal = timed_out_ ? problem(408, "the header did not come in time")
                              : refusal_of(failure);
    if (refusal) {
      unread_ = true;
      co_await write(std::move(*refusal), nullptr, false);
    }
    co_return false;
  }
  unread_ = !in.is_done();
  route_match match;
  request parsed;
  auto result = check(in, match, parsed);
  if (!result) {
    result = co_await read_body(in, *match.found);
    if (!result) {
      unread_ = false;
      parsed.body = std::move(in.get().body());
      auto decided = handle(*match.found, parsed, shared_.served);
      if (auto live = std::get_if<live_tap>(&decided))
        co_return co_await serve_tap(std::move(*live), in);
      if (auto pending = std::get_if<question>(&decided))
        result = co_await ask(std::move(*pending));
      else
        result = std::get<answer>(std::move(decided));
    }
  }
  auto keep = in.get().keep_alive() && !unread_ && !winding_down_;
  auto written = co_await write(std::move(*result), &in, keep);
  co_return written&& keep;
}

std::optional<answer> connection::check_sender(const parser& in) const {
  auto& header = in.get();
  auto once = [&](http::field name) {
    return std::distance(header.equal_range(name).first,
                         header.equal_range(name).second)
           <= 1;
  };
  auto value = [&](http::field name) -> std::optional<std::string_view> {
    auto entry = header.find(name);
    if (entry == header.end())
      return std::nullopt;
    return std::string_view{entry->value()};
  };
  if (!once(http::field::host)
      || (header.version() >= 11 && !value(http::field::host)))
    return problem(errc::invalid_argument,
                   "the request must have one Host header");
  if (!once(http::field::origin) || !once(http::field::authorization))
    return problem(errc::invalid_argument,
                   "Origin and Authorization may stand once");
  return shared_.access.refuse({value(http::field::authorization),
                                value(http::field::host),
                                value(http::field::origin), certified_});
}

std::optional<answer> connection::check(const parser& in, route_match& match,
                                        request& out) const {
  auto& header = in.get();
  auto where = parse_target(header.target());
  if (!where)
    return problem(errc::invalid_argument, "the request target is no path");
  auto routed = find_route(routes(), header.method_string(), where->path);
  auto found = std::get_if<route_match>(&routed);
  if (found == nullptr || !found->found->open)
    if (auto refusal = check_sender(in))
      return refusal;
  if (auto wrong = std::get_if<wrong_method>(&routed)) {
    auto refusal = problem(405, "this path has " + wrong->allowed);
    refusal.headers.emplace_back("Allow", wrong->allowed);
    return refusal;
  }
  if (std::holds_alternative<wrong_encoding>(routed))
    return problem(errc::invalid_argument,
                   "the path is not percent-encoded UTF-8");
  if (found == nullptr)
    return problem(404, "the management API has no such path");
  match = std::move(*found);
  auto query = parse_query(where->query);
  if (!query)
    return problem(errc::invalid_argument,
                   "the query is not percent-encoded UTF-8");
  if (auto wrong = complaint(match.found->query, *query))
    return problem(errc::invalid_argument, *wrong);
  out.path_params = match.path_params;
  out.query = std::move(*query);
  out.content_type = std::string{header[http::field::content_type]};
  return check_framing(in, *match.found);
}

std::optional<answer> connection::check_framing(const parser& in,
                                                const route& to) const {
  auto expected = in.get()[http::field::expect];
  if (!expected.empty() && !boost::beast::iequals(expected, "100-continue"))
    return problem(417, "only 100-continue can be expected");
  auto length = in.content_length();
  if (length && *length > body_limit(to))
    return problem(413, "the body is larger than "
                            + std::to_string(body_limit(to)) + " bytes");
  return std::nullopt;
}

std::size_t connection::body_limit(const route& to) const noexcept {
  return to.body == body_kind::none ? shared_.bounds.max_ignored_body_size
                                    : shared_.bounds.max_body_size;
}

asio::awaitable<std::optional<answer>> connection::read_body(parser& in,
                                                             const route& to) {
  if (in.is_done())
    co_return std::nullopt;
  in.body_limit(body_limit(to));
  // Beast would throw where nothing catches it.
  if (auto length = in.content_length();
      length && !make_room(in.get().body(), *length))
    co_return no_memory();
  arm(shared_.bounds.body_timeout);
  error_code failure;
  if (!in.get()[http::field::expect].empty() && in.get().version() >= 11) {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await asio::async_write(stream_, asio::buffer(go_on), into(failure));
    if (failure)
      co_return problem(408, "the body did not come");
  }
  co_await http::async_read(stream_, buffer_, in, into(failure));
  disarm();
  if (!failure)
    co_return std::nullopt;
  if (timed_out_)
    co_return problem(408, "the body did not come in time");
  auto refusal = refusal_of(failure);
  co_return refusal ? std::move(*refusal)
                    : problem(408, "the body did not come to its end");
}

asio::awaitable<answer> connection::ask(question what) {
  auto pending = std::make_shared<waiter>(stream_.get_executor());
  waiter_ = pending;
  // The operation's own time-out comes first; this one is for the case that
  // the actor in between is gone.
  pending->signal.expires_after(asking_timeout);
  std::weak_ptr<waiter> addressee = pending;
  auto done = [addressee, back = shared_.back](answer result) {
    back->post([addressee, result = std::move(result)]() mutable {
      if (auto waiting = addressee.lock()) {
        waiting->value = std::move(result);
        waiting->signal.cancel();
      }
    });
  };
  caf::anon_send(shared_.bridge, call{std::move(what), std::move(done)});
  error_code ignored;
  co_await pending->signal.async_wait(into(ignored));
  if (pending->value)
    co_return std::move(*pending->value);
  co_return problem(errc::timeout, "the switchboard did not answer in time");
}

asio::awaitable<bool> connection::write(answer what, const parser* of,
                                        bool keep) {
  http::response<http::string_body> out;
  out.version(of != nullptr ? of->get().version() : 11);
  out.result(what.status);
  out.reason(phrase_of(what.status));
  out.set(http::field::cache_control, "no-store");
  out.set("X-Content-Type-Options", "nosniff");
  if (!what.content_type.empty())
    out.set(http::field::content_type, what.content_type);
  for (auto& [name, value] : what.headers)
    out.set(name, value);
  out.keep_alive(keep);
  out.body() = std::move(what.body);
  // A 204 has no Content-Length, not even zero (RFC 9110 §8.6).
  if (what.status != 204)
    out.prepare_payload();
  // An answer to HEAD has the length of the body that it leaves out.
  if (of != nullptr && of->get().method() == http::verb::head)
    out.body().clear();
  arm(shared_.bounds.write_timeout);
  error_code failure;
  co_await http::async_write(stream_, out, into(failure));
  disarm();
  if (of != nullptr)
    note(*of, what.status);
  co_return !failure;
}

void connection::note(const parser& of, unsigned status) const {
  if (!shared_.report.wants(report_part::admin, report::severity::debug))
    return;
  auto path = of.get().target();
  shared_.report({report::severity::debug,
                  "request",
                  {{"method", std::string{of.get().method_string()}},
                   {"path", std::string{path.substr(0, path.find('?'))}},
                   {"status", std::to_string(status)}},
                  report_part::admin});
}

asio::awaitable<void> connection::linger() {
  arm(shared_.bounds.linger_timeout);
  co_await stream_.say_goodbye();
  error_code failure;
  if (unread_)
    stream_.socket().shutdown(tcp::socket::shutdown_send, failure);
  // The goodbye may have taken all of the time.
  arm(shared_.bounds.linger_timeout);
  while (unread_ && !failure) {
    buffer_.clear();
    co_await stream_.socket().async_read_some(buffer_.prepare(64 * 1024),
                                              into(failure));
  }
  disarm();
}

void connection::arm(std::chrono::nanoseconds time) {
  timed_out_ = false;
  auto turn = ++deadline_turn_;
  deadline_.expires_after(
      std::chrono::duration_cast<asio::steady_timer::duration>(time));
  deadline_.async_wait(
      [this, turn, self = shared_from_this()](const error_code& failure) {
        // One that was due already runs even when it is cancelled.
        if (failure || turn != deadline_turn_)
          return;
        timed_out_ = true;
        stream_.cancel();
      });
}

void connection::disarm() {
  ++deadline_turn_;
  deadline_.cancel();
}

} // namespace switchboard::service::api
