#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/dialect.hpp"
#include "bench/load/poller.hpp"
#include "bench/load/scanner.hpp"
#include "bench/load/time_ring.hpp"

namespace switchboard::bench {

/// One WebSocket connection of the load. Does not move while it is open: the
/// poller knows its address.
class client {
public:
  enum class stage : std::uint8_t { closed, opening, greeting, open };

  client(poller& loop, const wire& shared) noexcept
      : loop_(loop), wire_(shared) {}
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Connects and sends the handshake. Throws `failure`.
  void connect();

  stage at() const noexcept {
    return stage_;
  }

  /// Puts messages of the wire's train behind what is still to be written and
  /// writes what the socket takes.
  void send(std::size_t messages);

  /// Sends a close frame (RFC 6455 §5.5.1); what comes after it is not judged.
  void send_close();

  /// Handles an event of the poller: one recv at most. Throws `failure` where
  /// the server broke a rule or left unasked.
  /// @returns the messages that came.
  std::size_t handle(std::uint32_t events);

  /// Cuts the connection by a reset, so that no port is kept waiting.
  void cut() noexcept;

  /// Keeps payloads from now on; null: no longer.
  void keep(std::vector<std::string>* where) noexcept {
    scanner_.keep = where;
  }

  /// When the messages that are not yet answered were, or should have been,
  /// sent; filled and emptied by the scenario.
  time_ring sent_at;
  /// Free for the scenario.
  std::uint64_t mark = 0;
  std::size_t index = 0;

private:
  std::size_t receive();
  std::span<const std::byte> finish_opening(std::span<const std::byte> bytes);
  std::size_t take(std::span<const std::byte> bytes);
  void greet();
  void answer_controls();
  void flush();
  [[noreturn]] void fail(const std::string& why) const;

  poller& loop_;
  const wire& wire_;
  scanner scanner_;
  /// Bytes of the train that are to be written, and where in a frame.
  std::size_t owed_ = 0;
  std::size_t position_ = 0;
  /// Written before the next frame of the train.
  std::vector<std::byte> first_;
  int fd_ = -1;
  stage stage_ = stage::closed;
  bool waits_for_room_ = false;
  bool closing_ = false;
  /// The handshake's answer, then what came since the last greeting.
  std::string head_;
  std::vector<std::string> kept_;
  std::size_t greeted_ = 0;
};

} // namespace switchboard::bench
