#include "bench/load/api.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

/// The size of a whole HTTP answer at the start of `bytes`; 0 while it is
/// incomplete. Throws `failure` for one without Content-Length that is no 204.
std::size_t answer_size(std::string_view bytes) {
  auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos)
    return 0;
  auto head = bytes.substr(0, end + 2);
  if (!head.starts_with("HTTP/1.1 2"))
    throw failure{"the API answered: "
                  + std::string{head.substr(0, head.find("\r\n"))}};
  constexpr std::string_view name = "\r\nContent-Length: ";
  auto at = head.find(name);
  if (at == std::string_view::npos) {
    if (!head.starts_with("HTTP/1.1 204"))
      throw failure{"an answer of the API without Content-Length"};
    return end + 4;
  }
  auto length = std::strtoull(head.data() + at + name.size(), nullptr, 10);
  return bytes.size() >= end + 4 + length ? end + 4 + length : 0;
}

std::string post(const endpoint& to, const std::string& target,
                 const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\nHost: " + to.host + ':'
         + std::to_string(to.port)
         + "\r\nContent-Type: text/plain\r\nContent-Length: "
         + std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace

api::api(wire shared, const api_options& options)
    : wire_(std::move(shared)), options_(options) {
  fleet_.add(options.subscribers, wire_);
  connections_.resize(options.connections);
}

api::~api() {
  for (auto& each : connections_) {
    if (each.fd >= 0)
      ::close(each.fd);
  }
}

int api::connect_api() const {
  auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = resolve(options_.api);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw failure{std::string{"the API cannot be reached: "}
                  + std::strerror(errno)};
  int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

std::string api::get(const std::string& target) const {
  auto fd = connect_api();
  auto request = "GET " + target + " HTTP/1.1\r\nHost: " + options_.api.host
                 + "\r\nConnection: close\r\n\r\n";
  std::string result;
  std::vector<char> chunk(65536);
  auto got = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  while (got > 0 && answer_size(result) == 0) {
    got = ::recv(fd, chunk.data(), chunk.size(), 0);
    result.append(chunk.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  }
  ::close(fd);
  return result;
}

std::vector<std::string> api::socket_ids() const {
  std::vector<std::string> result;
  constexpr std::size_t page = 1000;
  constexpr std::string_view key = "\"socket_id\":\"";
  auto base = "/v1/sockets?limit=" + std::to_string(page)
              + "&path=" + wire_.where.target;
  for (auto full = true; full;) {
    auto before = result.size();
    auto text = get(before == 0 ? base : base + "&after=" + result.back());
    for (auto at = text.find(key); at != text.npos; at = text.find(key, at)) {
      at += key.size();
      result.push_back(text.substr(at, text.find('"', at) - at));
    }
    full = result.size() - before == page;
  }
  return result;
}

void api::open() {
  fleet_.open();
  if (options_.broadcasts) {
    requests_.push_back(post(options_.api,
                             "/v1/broadcast?path=" + wire_.where.target,
                             wire_.payload));
  } else {
    for (const auto& id : socket_ids())
      requests_.push_back(
          post(options_.api, "/v1/sockets/" + id + "/messages", wire_.payload));
    if (requests_.size() != options_.subscribers)
      throw failure{"the API lists " + std::to_string(requests_.size())
                    + " sockets instead of "
                    + std::to_string(options_.subscribers)};
  }
  for (auto& each : connections_) {
    each.fd = connect_api();
    loop_.add(each.fd, &each, EPOLLIN);
  }
}

void api::request(http_connection& by) {
  const auto& text = requests_[next_];
  next_ = (next_ + 1) % requests_.size();
  by.sent_at = now_ns();
  outstanding_ += options_.broadcasts ? options_.subscribers : 1;
  ++in_flight_;
  if (::send(by.fd, text.data(), text.size(), MSG_NOSIGNAL)
      != static_cast<ssize_t>(text.size()))
    throw failure{"a request to the API cannot be written"};
}

bool api::answered(http_connection& by) {
  auto buffer = loop_.buffer();
  auto got = ::recv(by.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got <= 0)
    throw failure{"the API closed a connection"};
  by.answer.append(reinterpret_cast<const char*>(buffer.data()),
                   static_cast<std::size_t>(got));
  auto size = answer_size(by.answer);
  if (size == 0)
    return false;
  by.answer.erase(0, size);
  --in_flight_;
  return true;
}

void api::run(const slice_limit& until, slice& into) {
  auto cpu = thread_cpu_ns();
  auto start = now_ns();
  auto deadline = end_of(until, start);
  auto budget = until.count;
  auto now = start;
  auto begin = [&](http_connection& by) {
    if (budget == 0 || now >= deadline)
      return;
    --budget;
    request(by);
  };
  auto arrived = [&](client&, std::size_t messages) {
    if (messages > outstanding_)
      throw failure{"more deliveries than requests asked for"};
    outstanding_ -= messages;
    into.settled += messages;
    if (now < deadline)
      into.count += messages;
  };
  for (auto& each : connections_)
    begin(each);
  auto last = start;
  while (in_flight_ > 0 || outstanding_ > 0) {
    auto before = in_flight_ + outstanding_;
    for (const auto& event : loop_.wait(0)) {
      auto& by = *static_cast<http_connection*>(event.data.ptr);
      if (!answered(by))
        continue;
      if (now < deadline)
        into.latency.record(now_ns() - by.sent_at);
      begin(by);
    }
    fleet_.turn(0, arrived);
    now = now_ns();
    if (in_flight_ + outstanding_ != before)
      last = now;
    if (now - last > 10'000'000'000U)
      throw failure{"waited 10 s for answers of the API or deliveries"};
  }
  into.elapsed += std::chrono::nanoseconds{std::min(now, deadline) - start};
  into.load_cpu += std::chrono::nanoseconds{thread_cpu_ns() - cpu};
}

} // namespace switchboard::bench
