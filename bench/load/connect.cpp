#include "bench/load/connect.hpp"

#include <algorithm>
#include <utility>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

constexpr std::uint64_t patience_ns = 10'000'000'000U;

} // namespace

coming_and_going::coming_and_going(wire shared, life each, std::size_t at_once)
    : wire_(std::move(shared)), life_(each) {
  fleet_.add(at_once, wire_);
}

// `mark` of a client is 1 once its message was sent.
bool coming_and_going::is_over(client& who, std::size_t messages) {
  if (who.at() == client::stage::closed)
    return true;
  if (who.at() != client::stage::open)
    return false;
  if (life_ == life::handshake) {
    who.cut();
    return true;
  }
  if (who.mark == 0) {
    who.mark = 1;
    who.send(1);
  } else if (messages > 0) {
    who.send_close();
  }
  return false;
}

void coming_and_going::run(const slice_limit& until, slice& into) {
  auto cpu = thread_cpu_ns();
  auto start = now_ns();
  auto deadline = end_of(until, start);
  auto budget = until.count;
  std::size_t open = 0;
  auto begin = [&](client& who, std::uint64_t now) {
    if (budget == 0)
      return;
    --budget;
    ++open;
    who.connect();
    who.mark = 0;
    who.sent_at.push(now);
  };
  for (auto& each : fleet_.clients())
    begin(each, now_ns());
  auto now = start;
  auto last_end = start;
  std::uint64_t ended = 0;
  while (open > 0 && now < deadline) {
    fleet_.turn_all(10, [&](client& who, std::size_t messages) {
      if (!is_over(who, messages))
        return;
      now = last_end = now_ns();
      into.latency.record(now - who.sent_at.pop());
      --open;
      ++ended;
      if (now < deadline)
        begin(who, now);
    });
    now = std::max(now, open > 0 ? now_ns() : now);
    if (now - last_end > patience_ns)
      throw failure{"no connection was finished in ten seconds"};
  }
  into.count += ended;
  into.settled += ended;
  into.elapsed += std::chrono::nanoseconds{now - start};
  into.load_cpu += std::chrono::nanoseconds{thread_cpu_ns() - cpu};
  for (auto& each : fleet_.clients())
    each.cut();
}

} // namespace switchboard::bench
