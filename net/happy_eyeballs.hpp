#pragma once

#include <coroutine>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/loop.hpp"
#include "net/resolver.hpp"
#include "net/timer.hpp"
#include "net/unique_fd.hpp"

namespace switchboard::net {

/// Connects to the first of several addresses that answers (RFC 8305): the
/// families take turns, the next attempt begins when the one before has
/// failed or is 250 ms old, and the first connection cuts the others short.
/// Lives on its loop's thread; destroying it cuts all attempts short.
class happy_eyeballs final : private timer {
public:
  /// Told once, not from within `start`; may destroy the object.
  /// @param fd connected, non-blocking; empty where every attempt has failed.
  /// @param problem why then: each address with its cause.
  using callback = std::function<void(unique_fd fd, std::string problem)>;

  /// @param addresses in the resolver's order.
  happy_eyeballs(loop& home, std::vector<endpoint> addresses);
  ~happy_eyeballs() override;

  void start(callback done);

private:
  class attempt;

  void on_timer() override;
  void begin_next();
  void ready(attempt& who);
  void note(const endpoint& where, int error);
  void retire(std::unique_ptr<attempt> what);
  void finish(unique_fd fd);

  loop& loop_;
  std::vector<endpoint> addresses_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<attempt>> attempts_;
  callback done_;
  std::string problems_;
};

/// Waits for the first connection: `co_await` it once.
struct first_connection {
  happy_eyeballs& eyes;
  unique_fd fd = {};
  /// Why `fd` is empty.
  std::string problem = {};

  bool await_ready() const noexcept {
    return false;
  }

  void await_suspend(std::coroutine_handle<> next) {
    eyes.start([this, next](unique_fd connected, std::string why) {
      fd = std::move(connected);
      problem = std::move(why);
      next.resume();
    });
  }

  void await_resume() const noexcept {}
};

/// Puts the families of a list in turns, beginning with the first one's.
std::vector<endpoint> interleave_families(std::vector<endpoint> addresses);

/// `address:port`, IPv6 in brackets.
std::string to_text(const endpoint& where);

} // namespace switchboard::net
