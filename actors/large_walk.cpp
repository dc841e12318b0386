#include "actors/large_walk.hpp"

#include <utility>

#include "actors/shard_actor.hpp"

namespace switchboard::actors {

void large_walk::add(const socket& who, std::string_view problem, bool tells) {
  ++result_.matched;
  if (!problem.empty())
    shard_actor::add_failure(result_, who, problem);
  else if (tells)
    ++open_;
}

void large_walk::complete() {
  complete_ = true;
  settle();
}

void large_walk::delivered(const socket& to, std::string_view problem) {
  --open_;
  if (!problem.empty())
    shard_actor::add_failure(result_, to, problem);
  settle();
}

void large_walk::settle() {
  if (complete_ && open_ == 0)
    answer_.deliver(std::move(result_));
}

} // namespace switchboard::actors
