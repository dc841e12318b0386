// WebSocket clients on Beast's `websocket::stream`, many in one process,
// driven by a line of JSON for each command and telling a line of JSON for
// each event. The other half is beast.mjs, which documents both.

#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/algorithm/hex.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/json.hpp>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace json = boost::json;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

/// Writes a line of its own for an event of client `id`.
void tell(std::int64_t id, const char* event, json::object rest = {}) {
  rest["id"] = id;
  rest["event"] = event;
  std::cout << json::serialize(rest) << '\n' << std::flush;
}

/// One connection. Reads all the time unless paused.
class client : public std::enable_shared_from_this<client> {
public:
  client(asio::io_context& io, std::int64_t id) : id_{id}, stream_{io} {}

  asio::awaitable<void> run(json::object command) {
    error_code failure;
    try {
      co_await open(command);
      co_await read();
    } catch (const boost::system::system_error& error) {
      failure = error.code();
    }
    if (!opened_) {
      tell(id_, "error", {{"message", failure.message()}});
      co_return;
    }
    // A close of our own aborts the read and tells how it went itself.
    if (!closing_)
      tell_close(failure == websocket::error::closed);
  }

  void send(std::string content, bool binary) {
    outgoing_.emplace_back(std::move(content), binary);
    if (outgoing_.size() == 1)
      spawn(write());
  }

  void close(websocket::close_reason reason) {
    closing_ = true;
    spawn(close_handshake(std::move(reason)));
  }

  void pause() {
    paused_ = true;
  }

  void resume() {
    paused_ = false;
    resumed_.cancel();
  }

  /// Cuts the connection by a TCP reset.
  void reset() {
    error_code ignored;
    auto& socket = beast::get_lowest_layer(stream_);
    socket.set_option(asio::socket_base::linger{true, 0}, ignored);
    socket.close(ignored);
    resume();
  }

private:
  void spawn(asio::awaitable<void> work) {
    asio::co_spawn(stream_.get_executor(), std::move(work), asio::detached);
  }

  void tell_close(bool clean) {
    tell(id_, "close",
         {{"code", clean ? std::uint64_t{stream_.reason().code} : 1006},
          {"reason", stream_.reason().reason.c_str()}});
  }

  asio::awaitable<void> open(const json::object& command) {
    auto self = shared_from_this();
    auto host = std::string{command.at("host").as_string()};
    auto port = static_cast<unsigned short>(command.at("port").as_int64());
    co_await beast::get_lowest_layer(stream_).async_connect(
        tcp::endpoint{asio::ip::make_address(host), port}, asio::use_awaitable);
    websocket::permessage_deflate compression;
    compression.client_enable = command.at("compress").as_bool();
    stream_.set_option(compression);
    if (auto size = command.at("fragment").as_int64(); size > 0) {
      stream_.auto_fragment(true);
      stream_.write_buffer_bytes(static_cast<std::size_t>(size));
    } else {
      stream_.auto_fragment(false);
    }
    websocket::response_type answer;
    co_await stream_.async_handshake(
        answer, host + ":" + std::to_string(port),
        std::string{command.at("target").as_string()}, asio::use_awaitable);
    opened_ = true;
    auto extensions =
        std::string{answer[beast::http::field::sec_websocket_extensions]};
    tell(id_, "open", {{"extensions", extensions}});
  }

  asio::awaitable<void> read() {
    beast::flat_buffer buffer;
    for (;;) {
      if (paused_)
        tell(id_, "paused");
      while (paused_) {
        error_code woken;
        resumed_.expires_at(asio::steady_timer::time_point::max());
        co_await resumed_.async_wait(
            asio::redirect_error(asio::use_awaitable, woken));
      }
      co_await stream_.async_read(buffer, asio::use_awaitable);
      auto data = beast::buffers_to_string(buffer.data());
      buffer.consume(buffer.size());
      if (stream_.got_text())
        tell(id_, "text", {{"data", data}});
      else
        tell(id_, "binary", {{"data", boost::algorithm::hex_lower(data)}});
    }
  }

  asio::awaitable<void> write() {
    auto self = shared_from_this();
    error_code failure;
    while (!outgoing_.empty() && !failure) {
      auto& [content, binary] = outgoing_.front();
      stream_.binary(binary);
      co_await stream_.async_write(
          asio::buffer(content),
          asio::redirect_error(asio::use_awaitable, failure));
      outgoing_.pop_front();
    }
  }

  asio::awaitable<void> close_handshake(websocket::close_reason reason) {
    auto self = shared_from_this();
    error_code failure;
    co_await stream_.async_close(
        reason, asio::redirect_error(asio::use_awaitable, failure));
    tell_close(!failure);
  }

  std::int64_t id_;
  websocket::stream<tcp::socket> stream_;
  asio::steady_timer resumed_{stream_.get_executor()};
  std::deque<std::pair<std::string, bool>> outgoing_;
  bool opened_ = false;
  bool paused_ = false;
  bool closing_ = false;
};

using clients = std::map<std::int64_t, std::shared_ptr<client>>;

void obey(asio::io_context& io, clients& all, const json::object& command) {
  auto id = command.at("id").as_int64();
  const auto& what = command.at("command").as_string();
  if (what == "open") {
    auto made = all[id] = std::make_shared<client>(io, id);
    // The argument keeps the client alive as long as it runs.
    asio::co_spawn(
        io,
        [](std::shared_ptr<client> self,
           json::object command) -> asio::awaitable<void> {
          co_await self->run(std::move(command));
        }(made, command),
        asio::detached);
    return;
  }
  auto& one = *all.at(id);
  if (what == "text")
    one.send(std::string{command.at("data").as_string()}, false);
  else if (what == "binary")
    one.send(
        boost::algorithm::unhex(std::string{command.at("data").as_string()}),
        true);
  else if (what == "close")
    one.close(
        static_cast<websocket::close_code>(command.at("code").as_int64()));
  else if (what == "pause")
    one.pause();
  else if (what == "resume")
    one.resume();
  else if (what == "reset")
    one.reset();
  else
    throw std::invalid_argument("unknown command");
}

/// Obeys line by line; the end of the input ends the process.
asio::awaitable<void> listen(asio::io_context& io, clients& all) {
  asio::posix::stream_descriptor input{io, ::dup(STDIN_FILENO)};
  std::string buffer;
  for (;;) {
    error_code failure;
    auto size = co_await asio::async_read_until(
        input, asio::dynamic_buffer(buffer), '\n',
        asio::redirect_error(asio::use_awaitable, failure));
    if (failure)
      break;
    obey(io, all, json::parse(buffer.substr(0, size)).as_object());
    buffer.erase(0, size);
  }
  io.stop();
}

} // namespace

int main() {
  asio::io_context io{1};
  clients all;
  std::exception_ptr failure;
  asio::co_spawn(io, listen(io, all), [&](std::exception_ptr error) {
    failure = error;
    io.stop();
  });
  io.run();
  if (!failure)
    return 0;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  return 1;
}
