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

void fleet::give_up_on(const char* waited_for) {
  throw failure{std::string{"waited 10 s for "} + waited_for};
}

} // namespace switchboard::bench
