#include "service/api/connection.hpp"

#include <array>
#include <charconv>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "service/api/ask.hpp"
#include "service/api/tap_reader.hpp"

// An answer that goes on for as long as the client reads it.

namespace switchboard::service::api {

namespace asio = boost::asio;
namespace http = boost::beast::http;

using boost::system::error_code;

namespace {

auto into(error_code& failure) {
  return asio::redirect_error(asio::use_awaitable, failure);
}

/// A tap's target, which ends with its connection.
struct owned_reader {
  tap_reader_actor who;

  explicit owned_reader(tap_reader_actor what) : who(std::move(what)) {}

  ~owned_reader() {
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  }

  owned_reader(const owned_reader&) = delete;
  owned_reader& operator=(const owned_reader&) = delete;
};

/// The way from the actor to the API's thread.
tap_sink sink_to(const std::shared_ptr<tap_feed>& feed,
                 const std::shared_ptr<return_path>& back) {
  std::weak_ptr<tap_feed> to = feed;
  return {[=](tap_events what) {
            back->post([to, what = std::move(what)]() mutable {
              if (auto feed = to.lock())
                feed->take(std::move(what));
            });
          },
          [=](tap_end what) {
            back->post([to, what = std::move(what)]() mutable {
              if (auto feed = to.lock())
                feed->end(std::move(what.reason));
            });
          }};
}

std::string chunk_head(std::size_t size) {
  std::array<char, 20> text;
  auto end = std::to_chars(text.data(), text.data() + text.size(), size, 16);
  return std::string{text.data(), end.ptr} + "\r\n";
}

} // namespace

void connection::end_stream(const std::string& reason) {
  if (auto feed = feed_.lock())
    feed->end(reason);
}

asio::awaitable<bool> connection::serve_tap(live_tap what, const parser& in) {
  auto feed = std::make_shared<tap_feed>(stream_.get_executor(), shared_.bounds,
                                         what.payload);
  owned_reader reader{spawn_tap_reader(shared_.bridge.home_system(),
                                       sink_to(feed, shared_.back))};
  what.what.target = caf::actor_cast<caf::strong_actor_ptr>(reader.who);
  auto agreed = [] {
    return answer{200, {}, {}, {}};
  };
  // From here on: what ends taps ends this one, though it has not begun yet.
  feed_ = feed;
  auto begun = co_await ask(api::ask<void>(std::move(what.what), agreed));
  if (begun.status != 200) {
    auto keep = in.get().keep_alive() && !winding_down_;
    auto written = co_await write(std::move(begun), &in, keep);
    co_return written&& keep;
  }
  auto ready = co_await write_tap_head(in);
  note(in, 200);
  if (!ready || in.get().method() == http::verb::head)
    co_return false;
  if (winding_down_)
    feed->end("the switchboard stops");
  watch_client(feed);
  auto chunked = in.get().version() >= 11;
  while (!feed->over()) {
    co_await feed->wait();
    std::size_t batches = 0;
    auto text = feed->text(batches);
    if (!text.empty() && !feed->gone()) {
      auto written = co_await write_tap(std::move(text), chunked);
      if (!written)
        feed->leave();
    }
    for (; batches > 0; --batches)
      caf::anon_send(reader.who, batch_taken{});
  }
  if (!feed->gone() && chunked) {
    error_code failure;
    arm(shared_.bounds.write_timeout);
    co_await asio::async_write(
        stream_, asio::buffer(std::string_view{"0\r\n\r\n"}), into(failure));
    disarm();
  }
  feed_.reset();
  stream_.cancel();
  co_await feed->until_unwatched();
  co_return false;
}

asio::awaitable<bool> connection::write_tap_head(const parser& in) {
  http::response<http::empty_body> head;
  head.version(in.get().version());
  head.result(http::status::ok);
  head.set(http::field::cache_control, "no-store");
  head.set("X-Content-Type-Options", "nosniff");
  // So that nginx hands on each event as it comes.
  head.set("X-Accel-Buffering", "no");
  head.set(http::field::content_type, event_stream_type);
  head.keep_alive(false);
  if (in.get().version() >= 11)
    head.chunked(true);
  http::response_serializer<http::empty_body> out{head};
  // Dead clients are found out even when nothing can be written to them.
  auto patience = static_cast<unsigned>(
      std::chrono::ceil<std::chrono::milliseconds>(shared_.bounds.tap_patience)
          .count());
  ::setsockopt(stream_.socket().native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT,
               &patience, sizeof patience);
  error_code failure;
  arm(shared_.bounds.write_timeout);
  co_await http::async_write_header(stream_, out, into(failure));
  disarm();
  co_return !failure;
}

asio::awaitable<bool> connection::write_tap(std::string text, bool chunked) {
  auto head = chunked ? chunk_head(text.size()) : std::string{};
  std::string_view tail = chunked ? "\r\n" : "";
  std::array<asio::const_buffer, 3> all{asio::buffer(head), asio::buffer(text),
                                        asio::buffer(tail)};
  arm(shared_.bounds.tap_patience);
  error_code failure;
  co_await asio::async_write(stream_, all, into(failure));
  disarm();
  co_return !failure;
}

/// Notices when the client goes; what it says meanwhile is of no interest.
void connection::watch_client(std::shared_ptr<tap_feed> feed) {
  constexpr std::size_t piece = 4096;
  feed->watched = true;
  buffer_.clear();
  auto into = buffer_.prepare(piece);
  stream_.async_read_some(into, [self = shared_from_this(),
                                 feed](const error_code& failure, std::size_t) {
    if (!failure && !feed->over())
      return self->watch_client(feed);
    feed->watched = false;
    if (feed->over())
      return feed->wake();
    // A write that waits for the client waits in vain.
    feed->leave();
    self->stream_.cancel();
  });
}

} // namespace switchboard::service::api
