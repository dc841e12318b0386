#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio.hpp>

#include "net/dial.hpp"
#include "net/resolver.hpp"

namespace switchboard::net::test {

/// One end of a TCP connection in the hands of a script, blocking.
class script_socket {
public:
  using tcp = boost::asio::ip::tcp;

  explicit script_socket(tcp::socket socket) : socket_(std::move(socket)) {}

  /// Reads up to and with a blank line; empty where the peer has gone.
  std::string read_head() {
    std::string result;
    boost::system::error_code failure;
    auto size = boost::asio::read_until(
        socket_, boost::asio::dynamic_buffer(held_), "\r\n\r\n", failure);
    if (failure)
      return {};
    result = held_.substr(0, size);
    held_.erase(0, size);
    return result;
  }

  void write(const std::string& text) {
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(text), ignored);
  }

  void write_bytewise(const std::string& text) {
    socket_.set_option(tcp::no_delay{true});
    for (auto c : text)
      write(std::string(1, c));
  }

  void reset() {
    socket_.set_option(boost::asio::socket_base::linger{true, 0});
    socket_.close();
  }

  void close() {
    socket_.close();
  }

  /// Waits until the peer has ended the connection.
  void wait_for_end() {
    boost::system::error_code failure;
    char byte;
    while (!failure)
      boost::asio::read(socket_, boost::asio::buffer(&byte, 1), failure);
  }

  tcp::socket& raw() {
    return socket_;
  }

private:
  tcp::socket socket_;
  std::string held_;
};

/// A peer that does what a script says, on a thread of its own; the script
/// gets each accepted connection with its number, from 0.
class scripted_peer {
public:
  using tcp = boost::asio::ip::tcp;
  using script = std::function<void(script_socket&, int)>;

  scripted_peer(
      int connections, script what,
      boost::asio::ip::address where = boost::asio::ip::address_v4::loopback())
      : acceptor_(context_, tcp::endpoint{where, 0}),
        port_(acceptor_.local_endpoint().port()),
        thread_([this, connections, what = std::move(what)] {
          for (auto i = 0; i < connections; ++i) {
            boost::system::error_code failure;
            tcp::socket socket{context_};
            acceptor_.accept(socket, failure);
            if (failure || stopping_)
              return;
            ++accepted_;
            script_socket connection{std::move(socket)};
            what(connection, i);
          }
        }) {}

  ~scripted_peer() {
    stopping_ = true;
    // Whatever it still waits for: a connection that says nothing.
    boost::system::error_code ignored;
    tcp::socket knock{context_};
    knock.connect(
        tcp::endpoint{acceptor_.local_endpoint(ignored).address(), port_},
        ignored);
    thread_.join();
  }

  std::uint16_t port() const noexcept {
    return port_;
  }

  int accepted() const noexcept {
    return accepted_;
  }

private:
  boost::asio::io_context context_;
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  std::thread thread_;
};

/// `Name: value` of a head; empty where absent.
inline std::string header_of(const std::string& head, const std::string& name) {
  auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos)
    return {};
  at += name.size() + 4;
  return head.substr(at, head.find("\r\n", at) - at);
}

/// A right answer to an upgrade request.
inline std::string upgrade_answer(const std::string& head,
                                  const std::string& more = {}) {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
         "Connection: Upgrade\r\nSec-WebSocket-Accept: "
         + accept_key(header_of(head, "sec-websocket-key")) + "\r\n" + more
         + "\r\n";
}

/// Dials, and turns the loop until it is over.
class dial_rig final : private dial_observer, private turn_hook {
public:
  struct outcome {
    std::optional<dialed> success;
    dial_failure failure;

    explicit operator bool() const noexcept {
      return success.has_value();
    }

    bool is(dial_failure::kind what) const noexcept {
      return !success && failure.what == what;
    }

    bool tells(std::string_view text) const noexcept {
      return failure.text.find(text) != std::string::npos;
    }
  };

  dial_target target(std::uint16_t port, std::string uri = "/") const {
    return {false, "127.0.0.1", port, std::move(uri)};
  }

  outcome run(dial_target where, header_list headers = {},
              dial::purpose why = dial::purpose::websocket) {
    begin(std::move(where), std::move(headers), why);
    home.run(*this);
    return std::move(result_);
  }

  void begin(dial_target where, header_list headers = {},
             dial::purpose why = dial::purpose::websocket) {
    result_ = {};
    what_ = std::make_unique<dial>(
        home, names, std::make_shared<const dial_options>(options),
        std::move(where), std::move(headers), clock::now() + patience,
        static_cast<dial_observer&>(*this), why);
    what_->start();
  }

  /// Turns `count` times, then gives the dial up.
  void abandon_after(int count) {
    turns_left_ = count;
    home.wake();
    home.run(*this);
  }

  loop home;
  std::shared_ptr<resolver> names = std::make_shared<resolver>();
  dial_options options;
  std::chrono::milliseconds patience{20000};

private:
  void on_dialed(dialed&& what) override {
    result_.success = std::move(what);
    over();
  }

  void on_dial_failed(dial_failure&& why) override {
    result_.failure = std::move(why);
    over();
  }

  void over() {
    home.dispose(std::move(what_));
    home.stop();
  }

  bool on_turn() override {
    if (turns_left_ > 0) {
      if (--turns_left_ == 0 && what_)
        over();
      home.wake();
    }
    return false;
  }

  bool on_flushed() override {
    return false;
  }

  outcome result_;
  std::unique_ptr<dial> what_;
  int turns_left_ = 0;
};

} // namespace switchboard::net::test
