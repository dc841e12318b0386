#include "bench/load/echo.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/compression.hpp"
#include "bench/load/failure.hpp"

namespace switchboard::bench {

echo::echo(wire shared, const echo_options& options)
    : wire_(std::move(shared)), options_(options) {
  fleet_.add(options.connections, wire_);
}

void echo::open() {
  fleet_.open();
  probe();
}

void echo::probe() {
  std::vector<std::string> kept;
  auto& who = fleet_.clients().front();
  who.keep(&kept);
  who.send(1);
  std::size_t answers = 0;
  fleet_.turn_until([&] { return answers > 0; },
                    [&](client&, std::size_t messages) { answers += messages; },
                    "the first echo");
  who.keep(nullptr);
  if (kept.size() != 1
      || (kept[0] != wire_.payload && inflated(kept[0]) != wire_.payload))
    throw failure{"the first echo is not what was sent"};
}

void echo::run(const slice_limit& until, slice& into) {
  auto cpu = thread_cpu_ns();
  auto before = into.count;
  if (options_.rate > 0)
    run_at_rate(until, into);
  else
    run_closed(until, into);
  into.load_cpu += std::chrono::nanoseconds{thread_cpu_ns() - cpu};
  into.settled += into.count - before + drain();
}

void echo::take(client& who, std::size_t messages, std::uint64_t now,
                slice& into) {
  if (messages > who.sent_at.size())
    throw failure{"more echoes than messages"};
  for (std::size_t i = 0; i < messages; ++i)
    into.latency.record(now - who.sent_at.pop());
  into.count += messages;
  outstanding_ -= messages;
}

void echo::run_closed(const slice_limit& until, slice& into) {
  auto start = now_ns();
  auto deadline = end_of(until, start);
  auto budget = until.count;
  auto send = [&](client& who, std::size_t messages, std::uint64_t now) {
    messages =
        static_cast<std::size_t>(std::min<std::uint64_t>(messages, budget));
    if (messages == 0)
      return;
    budget -= messages;
    outstanding_ += messages;
    for (std::size_t i = 0; i < messages; ++i)
      who.sent_at.push(now);
    who.send(messages);
  };
  for (auto& each : fleet_.clients())
    send(each, options_.in_flight, now_ns());
  auto now = start;
  while (now < deadline && outstanding_ > 0) {
    auto before = into.count;
    fleet_.turn(100, [&](client& who, std::size_t messages) {
      now = now_ns();
      take(who, messages, now, into);
      if (now < deadline)
        send(who, messages, now);
    });
    if (into.count == before)
      now = now_ns();
  }
  into.elapsed += std::chrono::nanoseconds{now - start};
}

void echo::run_at_rate(const slice_limit& until, slice& into) {
  auto start = now_ns();
  auto deadline = end_of(until, start);
  auto interval = 1e9 / options_.rate;
  auto& clients = fleet_.clients();
  std::uint64_t sent = 0;
  auto due_of = [&](std::uint64_t nth) {
    return start + static_cast<std::uint64_t>(interval * double(nth));
  };
  auto now = start;
  while (now < deadline && (sent < until.count || outstanding_ > 0)) {
    while (sent < until.count && due_of(sent) <= now) {
      auto& who = clients[sent % clients.size()];
      who.sent_at.push(due_of(sent));
      who.send(1);
      ++outstanding_;
      ++sent;
    }
    fleet_.turn(0, [&](client& who, std::size_t messages) {
      take(who, messages, now_ns(), into);
    });
    now = now_ns();
  }
  into.elapsed += std::chrono::nanoseconds{now - start};
}

std::uint64_t echo::drain() {
  slice late;
  fleet_.turn_until([&] { return outstanding_ == 0; },
                    [&](client& who, std::size_t messages) {
                      take(who, messages, now_ns(), late);
                    },
                    "echoes that are still on their way");
  return late.count;
}

} // namespace switchboard::bench
