#include "bench/load/fanout.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

// The most messages of a group on their way when they are sent at a rate.
constexpr std::size_t most_behind = std::size_t{1} << 16;
constexpr std::uint64_t opening_ns = 10'000'000'000U;
// Silence after which nothing is on its way any more.
constexpr std::uint64_t quiet_ns = 100'000'000U;

} // namespace

fanout::fanout(const make_wire& make, const fanout_options& options)
    : options_(options) {
  options_.groups =
      std::clamp<std::size_t>(options_.groups, 1, options_.subscribers);
  auto slots =
      options_.rate > 0 ? most_behind : std::bit_ceil(options_.window + 1);
  for (std::size_t i = 0; i < options_.groups; ++i) {
    auto& each = groups_.emplace_back();
    each.number = i;
    each.size = options_.subscribers / options_.groups
                + (i < options_.subscribers % options_.groups ? 1 : 0);
    each.having.resize(slots);
    each.sent_at.resize(slots);
    each.wires.push_back(make(i, !options_.own_publishers));
    fleet_.add(each.size, each.wires.back());
    group_of_.resize(fleet_.clients().size(), &each);
    each.publisher = &fleet_.clients()[fleet_.clients().size() - each.size];
    if (options_.own_publishers) {
      each.wires.push_back(make(i, true));
      fleet_.add(1, each.wires.back());
      group_of_.push_back(nullptr);
      each.publisher = &fleet_.clients().back();
    }
  }
}

void fanout::open() {
  fleet_.open();
  await_subscriptions();
  probe();
}

void fanout::await_subscriptions() {
  auto give_up = now_ns() + opening_ns;
  std::uint64_t lacking = options_.subscribers;
  auto last = now_ns();
  auto arrived = [&](client& who, std::size_t messages) {
    last = now_ns();
    if (group_of_[who.index] && who.mark == 0) {
      who.mark = messages;
      --lacking;
    }
  };
  while (lacking > 0) {
    std::vector<bool> asked(groups_.size());
    for (auto& each : fleet_.clients()) {
      auto* in = group_of_[each.index];
      if (!in || each.mark > 0 || asked[in->number])
        continue;
      asked[in->number] = true;
      in->publisher->send(1);
    }
    last = now_ns();
    while (now_ns() - last < quiet_ns && lacking > 0)
      fleet_.turn(10, arrived);
    if (lacking > 0 && now_ns() > give_up)
      throw failure{std::to_string(lacking)
                    + " subscribers got nothing in ten seconds"};
  }
  // What is left of those messages must not be taken for later ones.
  last = now_ns();
  while (now_ns() - last < quiet_ns)
    fleet_.turn(10, arrived);
  for (auto& each : fleet_.clients())
    each.mark = 0;
}

void fanout::probe() {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    publish(now_ns());
    if (i % 64 == 63)
      drain();
  }
  drain();
}

void fanout::publish(std::uint64_t when) {
  auto& to = groups_[next_group_];
  next_group_ = (next_group_ + 1) % groups_.size();
  auto slot = to.published & (to.having.size() - 1);
  if (to.published - to.complete == to.having.size())
    throw failure{"the server is too far behind the rate"};
  to.having[slot] = 0;
  to.sent_at[slot] = when;
  ++to.published;
  ++in_flight_;
  outstanding_ += to.size;
  to.publisher->send(1);
}

void fanout::take(client& who, std::size_t messages, slice& into) {
  auto* from = group_of_[who.index];
  if (!from)
    return;
  auto now = now_ns();
  auto mask = from->having.size() - 1;
  if (who.mark + messages > from->published)
    throw failure{"more deliveries than messages"};
  for (std::size_t i = 0; i < messages; ++i) {
    auto slot = who.mark++ & mask;
    into.latency.record(now - from->sent_at[slot]);
    if (++from->having[slot] == from->size) {
      ++from->complete;
      --in_flight_;
    }
  }
  into.count += messages;
  outstanding_ -= messages;
}

void fanout::run(const slice_limit& until, slice& into) {
  auto cpu = thread_cpu_ns();
  auto before = into.count;
  auto start = now_ns();
  auto deadline = end_of(until, start);
  auto interval = options_.rate > 0 ? 1e9 / options_.rate : 0;
  std::uint64_t published = 0;
  auto due_of = [&](std::uint64_t nth) {
    return start + static_cast<std::uint64_t>(interval * double(nth));
  };
  auto now = start;
  while (now < deadline && (published < until.count || in_flight_ > 0)) {
    while (published < until.count
           && (interval > 0 ? due_of(published) <= now
                            : in_flight_ < options_.window)) {
      publish(interval > 0 ? due_of(published) : now_ns());
      ++published;
    }
    fleet_.turn(interval > 0 ? 0 : 100, [&](client& who, std::size_t messages) {
      take(who, messages, into);
    });
    now = now_ns();
  }
  into.elapsed += std::chrono::nanoseconds{now - start};
  into.load_cpu += std::chrono::nanoseconds{thread_cpu_ns() - cpu};
  into.settled += into.count - before + drain();
}

std::uint64_t fanout::drain() {
  slice late;
  fleet_.turn_until(
      [&] { return outstanding_ == 0; },
      [&](client& who, std::size_t messages) { take(who, messages, late); },
      "deliveries that are still on their way");
  return late.count;
}

} // namespace switchboard::bench
