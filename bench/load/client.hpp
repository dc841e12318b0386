#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
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

  /// Handles an event of the poller: one recv at most, with TLS until what was
  /// read ahead is used up. Throws `failure` where
  /// the server broke a rule or left unasked.
  /// @returns the messages that came.
  std::size_t handle(std::uint32_t events);

  /// Whether its next read may be one of a batch: what is read is small and
  /// lies in the socket as it is.
  bool reads_in_batch() const noexcept {
    return stage_ == stage::open && !tls_ && !reads_much_;
  }

  /// Takes what a batch has read.
  /// @param outcome bytes, or a negative errno.
  /// @returns as `handle`.
  std::size_t take_read(int outcome, std::span<const std::byte> slice);

  /// What it would write with one call, empty where there is nothing or the
  /// socket is full.
  std::span<const std::byte> unsent() const noexcept;

  /// Writes what was kept for a batch that there was not.
  void write_alone();

  /// Takes what a batch has written of `unsent`, then writes the rest.
  /// @param outcome bytes, or a negative errno.
  void take_written(int outcome);

  int fd() const noexcept {
    return fd_;
  }

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
  std::optional<std::size_t> receive();
  std::size_t took(ssize_t got, std::span<const std::byte> buffer);
  ssize_t read(std::span<std::byte> into);
  ssize_t write(std::span<const std::byte> bytes);
  std::span<const std::byte> finish_opening(std::span<const std::byte> bytes);
  std::size_t take(std::span<const std::byte> bytes);
  void greet();
  void answer_controls();
  void flush();
  std::span<const std::byte> next() const noexcept;
  bool wrote(ssize_t sent, std::size_t wanted);
  void ask_for_room(bool asks);
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
  std::optional<tls_layer> tls_;
  stage stage_ = stage::closed;
  bool waits_for_room_ = false;
  bool asks_for_room_ = false;
  bool closing_ = false;
  bool reads_much_ = false;
  bool deferred_ = false;
  /// The handshake's answer, then what came since the last greeting.
  std::string head_;
  std::vector<std::string> kept_;
  std::size_t greeted_ = 0;
};

} // namespace switchboard::bench
