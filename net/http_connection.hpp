#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "net/http_call.hpp"
#include "net/loop.hpp"
#include "net/timer.hpp"
#include "net/wire.hpp"

namespace switchboard::net {

class http_connection;

/// Whose connection it is. May dispose of the connection in each of these.
class http_connection_owner {
public:
  /// The answer is complete.
  /// @param reusable whether another request may follow.
  virtual void on_answer(http_connection& from, http_response&& answer,
                         bool reusable) = 0;

  /// There will be no answer.
  /// @param untouched whether not one byte of the answer has come.
  virtual void on_broken(http_connection& from, http_failure&& why,
                         bool untouched) = 0;

  /// It has been idle long enough, or the peer has ended it.
  virtual void on_unused(http_connection& from) = 0;

protected:
  ~http_connection_owner() = default;
};

/// A connection that carries requests of HTTP/1.1, one after another. Lives on
/// its loop's thread; its end comes through `loop::dispose`.
class http_connection final : public io_handler, private timer {
public:
  /// @param stream connected, and encrypting where it has to.
  /// @param peer as failures name it.
  /// @param max_header_size of an answer's head, in bytes.
  http_connection(loop& home, std::unique_ptr<wire> stream, std::string peer,
                  std::size_t max_header_size, http_connection_owner& owner);
  ~http_connection() override;

  /// Begins to watch the connection.
  /// @returns false where the kernel has no room for it.
  bool start();

  /// Sends a request; the outcome never comes from within the call.
  /// @pre no request is under way
  void ask(const http_call& call);

  /// Leaves the loop at once; its owner disposes of it then.
  void cut() noexcept;

  bool busy() const noexcept {
    return reader_ != nullptr;
  }

  /// Whether it has carried a request before the one at hand.
  bool kept() const noexcept {
    return asked_ > 1;
  }

private:
  void on_io(std::uint32_t events) override;
  void on_timer() override;

  /// @returns whether there is nothing more to say.
  bool write();
  /// What is at hand of the body.
  std::string_view body_at_hand() const noexcept;
  /// Has the next piece of a large body read.
  void want_piece();
  void on_piece(std::string&& bytes, std::error_code problem);
  void forget_body() noexcept;
  void read();
  void finish();
  void fail(http_failure::kind what, std::string text);
  void rest();
  void watch(std::uint32_t wanted);

  loop& loop_;
  std::unique_ptr<wire> wire_;
  std::string peer_;
  std::size_t max_header_size_;
  http_connection_owner& owner_;
  std::uint32_t interest_ = 0;
  bool watching_ = false;
  std::size_t asked_ = 0;
  /// How long it may be idle.
  std::chrono::nanoseconds patience_;
  // Of the request under way.
  std::string head_;
  std::shared_ptr<const std::string> body_;
  std::shared_ptr<const large_content> large_body_;
  /// Of a large body, and where in it that begins.
  std::string piece_;
  std::uint64_t piece_begin_ = 0;
  /// Where a piece under way goes; null: none is, or nobody wants it any more.
  std::shared_ptr<http_connection*> piece_whom_;
  /// Of head and body.
  std::uint64_t total_ = 0;
  std::uint64_t written_ = 0;
  std::unique_ptr<response_reader> reader_;
  bool answer_begun_ = false;
  /// Why writing has failed; what was read first still counts.
  std::string write_problem_;
};

} // namespace switchboard::net
