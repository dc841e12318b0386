#pragma once

#include <coroutine>
#include <memory>
#include <string>
#include <vector>

#include "net/loop.hpp"
#include "net/resolver.hpp"

namespace switchboard::net {

/// Waits for one lookup on a loop's thread: `co_await` it once. Destroying it
/// gives the answer up. Numeric addresses are answered without a wait.
class name_lookup {
public:
  name_lookup(loop& home, resolver& names, std::string host,
              std::uint16_t port);
  ~name_lookup();
  name_lookup(const name_lookup&) = delete;
  name_lookup& operator=(const name_lookup&) = delete;

  bool await_ready();
  void await_suspend(std::coroutine_handle<> next);

  /// @returns the addresses; empty where `error` is set.
  std::vector<endpoint> await_resume();

  const boost::system::error_code& error() const noexcept {
    return error_;
  }

private:
  struct mailbox;
  class bell;

  loop& loop_;
  resolver& names_;
  std::string host_;
  std::uint16_t port_;
  std::vector<endpoint> found_;
  boost::system::error_code error_;
  std::shared_ptr<mailbox> mailbox_;
  std::unique_ptr<bell> bell_;
};

} // namespace switchboard::net
