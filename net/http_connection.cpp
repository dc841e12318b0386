#include "net/http_connection.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <sys/epoll.h>
#include <sys/uio.h>

#include "net/header_values.hpp"

namespace switchboard::net {

namespace {

using std::chrono::seconds;

/// Shorter than the 5 s after which Node closes: a request must not cross the
/// peer's end of an idle connection.
constexpr seconds usual_patience{4};
constexpr seconds most_patience{60};

/// Of a large body, so much is in memory.
constexpr std::uint64_t piece_size = 256 * 1024;

/// How long a peer says that it keeps an idle connection, less a second.
std::chrono::nanoseconds patience_of(const http_response& answer) {
  header_cursor cursor{answer.header("Keep-Alive")};
  while (!cursor.at_end()) {
    cursor.skip_blanks();
    auto name = cursor.token();
    if (name.empty())
      break;
    if (cursor.consume('=')) {
      auto text = cursor.value();
      if (!text)
        break;
      unsigned value = 0;
      auto [end, failure] =
          std::from_chars(text->data(), text->data() + text->size(), value);
      if (equal_ignoring_case(name, "timeout") && failure == std::errc{})
        return std::min<std::chrono::nanoseconds>(
            most_patience, seconds{value > 1 ? value - 1 : 0});
    }
    cursor.skip_blanks();
    if (!cursor.consume(','))
      break;
  }
  return usual_patience;
}

} // namespace

http_connection::http_connection(loop& home, std::unique_ptr<wire> stream,
                                 std::string peer, std::size_t max_header_size,
                                 http_connection_owner& owner)
    : loop_(home),
      wire_(std::move(stream)),
      peer_(std::move(peer)),
      max_header_size_(max_header_size),
      owner_(owner),
      patience_(usual_patience) {}

http_connection::~http_connection() {
  cut();
}

void http_connection::cut() noexcept {
  forget_body();
  loop_.disarm(*this);
  if (std::exchange(watching_, false))
    loop_.remove(wire_->fd());
}

bool http_connection::start() {
  interest_ = EPOLLIN;
  watching_ = loop_.add(wire_->fd(), *this, interest_);
  rest();
  return watching_;
}

void http_connection::rest() {
  loop_.arm(*this, loop_.now() + patience_);
}

void http_connection::ask(const http_call& call) {
  loop_.disarm(*this);
  ++asked_;
  head_ = render_head(call);
  body_ = call.body;
  large_body_ = call.large_body;
  total_ = head_.size() + call.body_size();
  written_ = 0;
  answer_begun_ = false;
  write_problem_.clear();
  response_reader::limits limits;
  limits.max_header_size = max_header_size_;
  limits.max_body_size = call.max_response_size;
  limits.has_body = call.method != "HEAD";
  limits.takes_http_1_0 = true;
  reader_ = std::make_unique<response_reader>(limits);
  // Readiness calls back, so that no outcome comes from within.
  watch(EPOLLIN | EPOLLOUT);
}

void http_connection::watch(std::uint32_t wanted) {
  if (!watching_ || wanted == interest_)
    return;
  interest_ = wanted;
  loop_.modify(wire_->fd(), *this, wanted);
}

void http_connection::on_timer() {
  owner_.on_unused(*this);
}

void http_connection::on_io(std::uint32_t events) {
  if (!watching_)
    return;
  if (!busy()) {
    // TLS may have something to say to itself; anything else is the end.
    auto result = wire_->read(loop_.read_buffer());
    if (result.what != wire_result::status::would_block)
      owner_.on_unused(*this);
    return;
  }
  if (kept() && written_ == 0 && write_problem_.empty()) {
    // The peer may have ended it in the meantime: then nothing is sent.
    auto result = wire_->read(loop_.read_buffer());
    if (result.what != wire_result::status::would_block)
      return fail(http_failure::kind::lost, "it closed the kept connection");
  }
  if ((interest_ & EPOLLOUT) != 0 && write())
    watch(EPOLLIN);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0
      || !write_problem_.empty())
    read();
}

bool http_connection::write() {
  while (written_ < total_) {
    std::array<iovec, 2> pieces{};
    std::size_t count = 0;
    auto add = [&](std::string_view text, std::uint64_t begin) {
      auto done = written_ > begin ? written_ - begin : 0;
      if (done < text.size())
        pieces[count++] = {const_cast<char*>(text.data()) + done,
                           text.size() - static_cast<std::size_t>(done)};
    };
    add(head_, 0);
    add(body_at_hand(), head_.size() + piece_begin_);
    if (count == 0) {
      // Nothing to say until it is there.
      want_piece();
      return true;
    }
    auto result = wire_->write({pieces.data(), count});
    if (result.what == wire_result::status::failed) {
      write_problem_ = result.error.message();
      return true;
    }
    written_ += result.bytes;
    if (result.what == wire_result::status::would_block || result.bytes == 0)
      return false;
  }
  return true;
}

std::string_view http_connection::body_at_hand() const noexcept {
  return body_ ? std::string_view{*body_} : std::string_view{piece_};
}

void http_connection::want_piece() {
  if (piece_whom_)
    return;
  piece_begin_ += piece_.size();
  piece_ = {};
  piece_whom_ = std::make_shared<http_connection*>(this);
  auto size = std::min(piece_size, large_body_->size() - piece_begin_);
  large_body_->read(
      piece_begin_, static_cast<std::size_t>(size),
      [door = loop_.door(), whom = piece_whom_](std::string&& bytes,
                                                std::error_code problem) {
        door->post([whom, bytes = std::move(bytes), problem]() mutable {
          if (*whom != nullptr)
            (*whom)->on_piece(std::move(bytes), problem);
        });
      });
}

void http_connection::on_piece(std::string&& bytes, std::error_code problem) {
  piece_whom_.reset();
  if (problem)
    return fail(http_failure::kind::lost,
                "the body cannot be read: " + problem.message());
  piece_ = std::move(bytes);
  watch(EPOLLIN | EPOLLOUT);
}

void http_connection::forget_body() noexcept {
  if (auto whom = std::exchange(piece_whom_, nullptr))
    *whom = nullptr;
  body_.reset();
  large_body_.reset();
  piece_ = {};
  piece_begin_ = 0;
}

void http_connection::read() {
  auto result = wire_->read(loop_.read_buffer());
  switch (result.what) {
    case wire_result::status::would_block:
      if (!write_problem_.empty())
        fail(http_failure::kind::lost, write_problem_);
      return;
    case wire_result::status::failed:
      return fail(http_failure::kind::lost, result.error.message());
    case wire_result::status::end:
      // Some bodies end so; not where TLS was cut, which anybody can do.
      if (!result.error && reader_->end() == response_reader::status::complete)
        return finish();
      return fail(http_failure::kind::lost,
                  "it closed before its answer was complete");
    case wire_result::status::ok:
      break;
  }
  answer_begun_ = true;
  auto bytes = loop_.read_buffer().first(result.bytes);
  auto now = reader_->feed(
      {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (now == response_reader::status::head)
    now = reader_->response().status == 101 ? response_reader::status::failed
                                            : reader_->want_body();
  if (now == response_reader::status::complete)
    return finish();
  if (now == response_reader::status::failed)
    fail(http_failure::kind::bad_answer,
         reader_->too_large() ? "its answer is larger than the limit"
                              : "its answer is no HTTP");
}

void http_connection::finish() {
  auto reusable = reader_->keeps_alive() && written_ == total_;
  auto answer = reader_->take_response();
  reader_.reset();
  forget_body();
  if (reusable) {
    patience_ = patience_of(answer);
    reusable = patience_.count() > 0;
    rest();
  }
  owner_.on_answer(*this, std::move(answer), reusable);
}

void http_connection::fail(http_failure::kind what, std::string text) {
  reader_.reset();
  forget_body();
  // Where not one byte has left us, nobody can have done the request.
  if (what == http_failure::kind::lost && written_ == 0)
    what = http_failure::kind::unreachable;
  owner_.on_broken(*this, {what, peer_ + ": " + std::move(text)},
                   !answer_begun_);
}

} // namespace switchboard::net
