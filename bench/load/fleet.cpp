#include "bench/load/fleet.hpp"

#include <string>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

constexpr std::size_t most_at_once = 64;
constexpr std::uint64_t opening_ns = 30'000'000'000U;

} // namespace

void fleet::add(std::size_t count, const wire& shared) {
  for (std::size_t i = 0; i < count; ++i) {
    auto index = clients_.size();
    clients_.emplace_back(loop_, shared).index = index;
  }
}

void fleet::open() {
  auto give_up = now_ns() + opening_ns;
  std::vector<client*> pending;
  auto next = clients_.begin();
  while (next != clients_.end() || !pending.empty()) {
    while (next != clients_.end() && pending.size() < most_at_once) {
      if (next->at() == client::stage::closed) {
        next->connect();
        pending.push_back(&*next);
      }
      ++next;
    }
    turn(100, [](client&, std::size_t) {});
    std::erase_if(pending, [](const client* each) {
      return each->at() == client::stage::open;
    });
    if (now_ns() > give_up && !pending.empty())
      throw failure{std::to_string(pending.size())
                    + " connections were not ready in 30 s"};
  }
}

void fleet::read_in_batch(std::span<const epoll_event> chunk) {
  calls_.fill(not_in_batch);
  auto* batch = loop_.batch();
  if (!batch || batch->broken() || chunk.size() < least_of_a_batch)
    return;
  batch->clear();
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    auto& who = *static_cast<const client*>(chunk[i].data.ptr);
    if (chunk[i].events != EPOLLIN || !who.reads_in_batch())
      continue;
    calls_[i] = batch->size();
    batch->receive(who.fd());
  }
  batch->run();
}

std::size_t fleet::outcome_of(std::size_t event, client& who,
                              std::uint32_t events) {
  auto call = calls_[event];
  if (call == not_in_batch)
    return who.handle(events);
  auto& batch = *loop_.batch();
  auto outcome = batch.result(call);
  auto size = static_cast<std::size_t>(std::max(outcome, 0));
  return who.take_read(outcome, batch.slice(call).first(size));
}

void fleet::write_in_batch() {
  auto& waiting = loop_.deferred();
  auto* batch = loop_.batch();
  auto alone = waiting.size() < least_of_a_batch || batch->broken();
  std::erase_if(waiting, [&](client* each) {
    auto leaves = alone || each->unsent().empty();
    if (leaves)
      each->write_alone();
    return leaves;
  });
  if (waiting.empty())
    return;
  batch->clear();
  for (const auto* each : waiting) {
    auto bytes = each->unsent();
    auto pieces = batch->pieces().first(1);
    pieces[0] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
    batch->send(each->fd(), pieces);
  }
  batch->run();
  for (std::size_t i = 0; i < waiting.size(); ++i)
    waiting[i]->take_written(batch->result(i));
  waiting.clear();
}

void fleet::give_up_on(const char* waited_for) {
  throw failure{std::string{"waited 10 s for "} + waited_for};
}

} // namespace switchboard::bench
