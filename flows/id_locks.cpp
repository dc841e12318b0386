#include "flows/id_locks.hpp"

#include <utility>

namespace switchboard::flows {

id_locks::outcome id_locks::enter(const std::string& id, const caf::actor& who,
                                  std::uint64_t job) {
  std::lock_guard guard{mutex_};
  auto [at, is_new] = lines_.try_emplace(id, line{{who, job}, {}});
  if (is_new)
    return outcome::entered;
  auto& waiting = at->second.waiting;
  if (waiting.size() >= most_waiting)
    return outcome::full;
  waiting.push_back({who, job});
  return outcome::waits;
}

void id_locks::leave(const std::string& id) {
  std::lock_guard guard{mutex_};
  if (auto at = lines_.find(id); at != lines_.end())
    pass_on(at);
}

id_locks::line_map::iterator id_locks::pass_on(line_map::iterator at) {
  auto& [holder, waiting] = at->second;
  if (waiting.empty())
    return lines_.erase(at);
  holder = std::move(waiting.front());
  waiting.erase(waiting.begin());
  caf::anon_send(holder.who, unlocked_atom::value, holder.job);
  return std::next(at);
}

void id_locks::withdraw(const std::string& id, const caf::actor& who,
                        std::uint64_t job) {
  std::lock_guard guard{mutex_};
  auto at = lines_.find(id);
  if (at == lines_.end())
    return;
  ticket own{who, job};
  if (at->second.holder == own)
    pass_on(at);
  else
    std::erase(at->second.waiting, own);
}

void id_locks::forget(const caf::actor& who) {
  std::lock_guard guard{mutex_};
  for (auto at = lines_.begin(); at != lines_.end();) {
    auto& [holder, waiting] = at->second;
    std::erase_if(waiting, [&](auto& one) { return one.who == who; });
    at = holder.who == who ? pass_on(at) : std::next(at);
  }
}

} // namespace switchboard::flows
