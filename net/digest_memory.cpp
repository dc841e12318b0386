#include "net/digest_memory.hpp"

#include <limits>
#include <utility>

namespace switchboard::net {

std::optional<digest_use> digest_memory::use(const std::string& place) {
  std::lock_guard guard{mutex_};
  auto found = kept_.find(place);
  if (found == kept_.end())
    return std::nullopt;
  auto& kept = found->second;
  // The count has eight digits; a count that was used up needs a new nonce.
  if (kept.count == std::numeric_limits<std::uint32_t>::max()) {
    kept_.erase(found);
    return std::nullopt;
  }
  ++kept.count;
  return kept;
}

digest_use digest_memory::use(const std::string& place,
                              const digest_challenge& challenge) {
  digest_use fresh{challenge, make_cnonce(), 1};
  std::lock_guard guard{mutex_};
  auto found = kept_.find(place);
  if (found != kept_.end()) {
    auto& kept = found->second;
    if (kept.challenge == challenge
        && kept.count < std::numeric_limits<std::uint32_t>::max()) {
      ++kept.count;
      return kept;
    }
    kept = fresh;
    return fresh;
  }
  if (kept_.size() == max_places)
    kept_.erase(kept_.begin());
  kept_.emplace(place, fresh);
  return fresh;
}

void digest_memory::forget(const std::string& place, const std::string& nonce) {
  std::lock_guard guard{mutex_};
  auto found = kept_.find(place);
  if (found != kept_.end() && found->second.challenge.nonce == nonce)
    kept_.erase(found);
}

} // namespace switchboard::net
