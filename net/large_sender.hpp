#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <switchboard/large_content.hpp>

#include "net/loop.hpp"
#include "net/memory_account.hpp"
#include "net/outgoing.hpp"
#include "net/send_queue.hpp"

namespace switchboard::net {

/// The large messages of one connection that go out in fragments, and whatever
/// waits behind them because frames of two messages must not mix. Exists while
/// there are some. Belongs to the loop's thread.
class large_sender {
public:
  /// Bytes of one fragment, and what a large message counts for in a queue: so
  /// much of it is in memory.
  static constexpr std::size_t fragment_size = 64 * 1024;

  /// Whoever gets the pieces.
  class receiver {
  public:
    /// @param bytes as many as were asked for, unless there is a problem.
    virtual void on_piece(std::string&& bytes, std::error_code problem) = 0;

  protected:
    ~receiver() = default;
  };

  struct entry {
    /// Null for a large message.
    frame_ptr frame;
    std::shared_ptr<const large_content> large;
    opcode op = opcode::binary;
    send_token token = 0;
    /// Where the next fragment begins.
    std::uint64_t offset = 0;
    /// What it counts for in the queue, in bytes.
    std::size_t cost = fragment_size;
  };

  large_sender(loop& home, receiver& whom)
      : door_(home.door()), whom_(std::make_shared<receiver*>(&whom)) {}

  /// Pieces under way are dropped when they come.
  ~large_sender() {
    *whom_ = nullptr;
    count_piece(0);
  }

  large_sender(const large_sender&) = delete;
  large_sender& operator=(const large_sender&) = delete;

  bool empty() const noexcept {
    return entries_.empty();
  }

  entry& front() noexcept {
    return entries_.front();
  }

  /// Bytes that count as queued.
  std::size_t bytes() const noexcept {
    return bytes_;
  }

  void push(entry&& what) {
    bytes_ += what.cost;
    entries_.push_back(std::move(what));
  }

  void pop() {
    bytes_ -= entries_.front().cost;
    entries_.pop_front();
  }

  /// Whether a piece is under way.
  bool reading() const noexcept {
    return reading_;
  }

  /// Asks for the next piece of the first message.
  /// @pre it is large, and no piece is under way
  void read();

  /// A piece has come.
  void arrived() noexcept {
    reading_ = false;
    count_piece(0);
  }

  /// Takes out what was not begun, oldest first, until so many bytes are gone.
  /// @returns the tokens of what was dropped, zeros left out.
  std::vector<send_token> drop_oldest(std::size_t bytes);

  /// The tokens of all that waits, zeros left out.
  std::vector<send_token> tokens() const;

private:
  /// Whoever holds so many bytes for the peer adds them to the thread's
  /// account.
  void count_piece(std::size_t bytes) noexcept {
    memory_account::add(bytes - piece_);
    piece_ = bytes;
  }

  std::shared_ptr<loop_door> door_;
  /// Null once this is gone.
  std::shared_ptr<receiver*> whom_;
  std::deque<entry> entries_;
  std::size_t bytes_ = 0;
  /// Of the piece that is under way.
  std::size_t piece_ = 0;
  bool reading_ = false;
};

} // namespace switchboard::net
