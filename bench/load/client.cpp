#include "bench/load/client.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

const expectation anything_goes{.anything = true, .compressed = true};

} // namespace

client::~client() {
  cut();
}

void client::fail(const std::string& why) const {
  throw failure{wire_.where.host + ':' + std::to_string(wire_.where.port)
                + wire_.where.target + ": " + why};
}

void client::connect() {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0)
    fail(std::string{"socket: "} + std::strerror(errno));
  int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  auto address = reinterpret_cast<const sockaddr*>(&wire_.address);
  if (::connect(fd_, address, sizeof wire_.address) != 0
      && errno != EINPROGRESS)
    fail(std::string{"connect: "} + std::strerror(errno));
  stage_ = stage::opening;
  closing_ = false;
  scanner_ = {};
  sent_at = {};
  head_.clear();
  owed_ = 0;
  position_ = 0;
  auto request = std::as_bytes(std::span{wire_.opening.request()});
  first_.assign(request.begin(), request.end());
  waits_for_room_ = true;
  loop_.add(fd_, this, EPOLLIN | EPOLLOUT);
}

void client::cut() noexcept {
  if (fd_ < 0)
    return;
  linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  ::close(fd_);
  fd_ = -1;
  stage_ = stage::closed;
}

void client::send(std::size_t messages) {
  owed_ += messages * wire_.train->frame_bytes();
  if (!waits_for_room_)
    flush();
}

void client::send_close() {
  auto frame = masked_frame("\x03\xe8", net::opcode::close);
  first_.insert(first_.end(), frame.begin(), frame.end());
  closing_ = true;
  if (!waits_for_room_)
    flush();
}

void client::flush() {
  while (owed_ > 0 || !first_.empty()) {
    // What is not of the train goes between two of its frames.
    auto between = position_ == 0 && !first_.empty();
    std::span<const std::byte> bytes{first_};
    if (!between)
      bytes = wire_.train->at(
          position_,
          first_.empty() ? owed_ : wire_.train->frame_bytes() - position_);
    auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
      fail(std::string{"send: "} + std::strerror(errno));
    auto size = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    if (between) {
      first_.erase(first_.begin(), first_.begin() + sent);
    } else {
      owed_ -= size;
      position_ = (position_ + size) % wire_.train->frame_bytes();
    }
    if (size < bytes.size()) {
      if (!waits_for_room_)
        loop_.change(fd_, this, EPOLLIN | EPOLLOUT);
      waits_for_room_ = true;
      return;
    }
  }
  if (waits_for_room_)
    loop_.change(fd_, this, EPOLLIN);
  waits_for_room_ = false;
}

std::size_t client::handle(std::uint32_t events) {
  if (fd_ < 0)
    return 0;
  if ((events & EPOLLOUT) != 0 && (events & (EPOLLERR | EPOLLHUP)) == 0)
    flush();
  return (events & ~EPOLLOUT) != 0 ? receive() : 0;
}

std::size_t client::receive() {
  auto buffer = loop_.buffer();
  auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (got < 0 && errno == EAGAIN)
    return 0;
  if (got <= 0) {
    std::string why = got < 0 ? std::strerror(errno) : "closed by the server";
    auto expected = closing_;
    cut();
    if (!expected)
      fail(why);
    return 0;
  }
  std::span<const std::byte> bytes{buffer.data(),
                                   static_cast<std::size_t>(got)};
  try {
    if (stage_ == stage::opening)
      bytes = finish_opening(bytes);
    if (stage_ == stage::opening)
      return 0;
    return take(bytes);
  } catch (const failure& wrong) {
    fail(wrong.what());
  }
}

std::span<const std::byte>
client::finish_opening(std::span<const std::byte> bytes) {
  auto had = head_.size();
  head_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  auto size = wire_.opening.check(head_);
  if (size == 0)
    return {};
  head_.clear();
  head_.shrink_to_fit();
  greeted_ = 0;
  greet();
  return bytes.subspan(size - had);
}

// Sends the next greeting; without one the connection is open.
void client::greet() {
  if (greeted_ == wire_.speech.greetings.size()) {
    stage_ = stage::open;
    scanner_.keep = nullptr;
    return;
  }
  stage_ = stage::greeting;
  scanner_.keep = &kept_;
  for (const auto& message : wire_.speech.greetings[greeted_].sent) {
    auto frame = masked_frame(message, wire_.speech.op);
    first_.insert(first_.end(), frame.begin(), frame.end());
  }
  if (!waits_for_room_)
    flush();
}

std::size_t client::take(std::span<const std::byte> bytes) {
  auto greeting = stage_ == stage::greeting;
  auto messages =
      scanner_.scan(bytes, greeting ? anything_goes : wire_.expected);
  if (!scanner_.controls.empty())
    answer_controls();
  if (!greeting)
    return closing_ ? 0 : messages;
  for (const auto& text : kept_)
    head_ += text;
  kept_.clear();
  if (head_.find(wire_.speech.greetings[greeted_].answer)
      != std::string::npos) {
    ++greeted_;
    head_.clear();
    greet();
  }
  return 0;
}

void client::answer_controls() {
  auto controls = std::exchange(scanner_.controls, {});
  for (const auto& control : controls) {
    if (control.op == net::opcode::close && !closing_) {
      auto code = 1005U; // none given, RFC 6455 §7.4.1
      if (control.payload.size() >= 2)
        code = static_cast<unsigned char>(control.payload[0]) * 256U
               + static_cast<unsigned char>(control.payload[1]);
      throw failure{"closed by the server with " + std::to_string(code)};
    }
    if (control.op == net::opcode::ping) {
      auto frame = masked_frame(control.payload, net::opcode::pong);
      first_.insert(first_.end(), frame.begin(), frame.end());
    }
  }
  if (!first_.empty() && !waits_for_room_)
    flush();
}

} // namespace switchboard::bench
