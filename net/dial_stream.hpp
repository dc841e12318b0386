#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/dial.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"
#include "net/wire.hpp"

namespace switchboard::net {

/// A TCP connection in the hands of a conversation: reads and writes that
/// wait, first plainly, then through a wire that encrypts. The loop's thread
/// only.
class dial_stream {
public:
  /// What a read came to.
  struct piece {
    /// Empty at the end; valid until the next read.
    std::string_view bytes;
    /// Why the connection is lost; empty where the peer has ended it.
    std::string problem;
  };

  /// @param fd connected, non-blocking.
  dial_stream(loop& home, unique_fd fd);
  ~dial_stream();
  dial_stream(const dial_stream&) = delete;
  dial_stream& operator=(const dial_stream&) = delete;

  /// @returns why the connection is lost; empty where all was written.
  task<std::string> write(std::string text);

  task<piece> read();

  /// Reads that wait longer than until then come to an end.
  void end_reads_at(std::optional<clock::time_point> when) noexcept {
    read_limit_ = when;
  }

  /// Encrypts from here on.
  /// @returns why it has failed; empty where the handshake is complete.
  task<std::string> encrypt(const make_secure_wire& make,
                            const std::string& host);

  int fd() const noexcept;

  /// Gives the connection away.
  std::unique_ptr<wire> release();

private:
  class watcher;

  /// Waits until the socket is ready.
  struct ready {
    dial_stream& stream;
    std::uint32_t events;
    /// Unset: as long as it takes.
    std::optional<clock::time_point> until = std::nullopt;
    /// -1: the stream's own.
    int fd = -1;

    bool await_ready() const noexcept {
      return false;
    }

    void await_suspend(std::coroutine_handle<> next);
    /// @returns whether it is ready; not where its time was over.
    bool await_resume() const noexcept;
  };

  wire_result try_read();
  wire_result try_write(std::string_view text);

  loop& loop_;
  unique_fd fd_;
  /// Null while nothing encrypts.
  std::unique_ptr<wire> wire_;
  std::unique_ptr<watcher> watcher_;
  std::vector<std::byte> buffer_;
  std::optional<clock::time_point> read_limit_;
};

} // namespace switchboard::net
