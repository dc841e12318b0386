#include "flows/webhook_permits.hpp"

#include <utility>

#include "net/header_values.hpp"

namespace switchboard::flows {

namespace {

/// Targets may come out of messages: what is known of them is bounded.
constexpr std::size_t most_entries = 4096;

} // namespace

webhook_permits::verdict webhook_permits::look(const std::string& target,
                                               std::uint64_t id,
                                               net::clock::time_point now) {
  if (entries_.size() >= most_entries && entries_.count(target) == 0)
    make_room(now);
  auto& known = entries_[target];
  if (known.asking) {
    known.waiting.push_back(id);
    return verdict::wait;
  }
  if (now < known.until)
    return known.granted ? verdict::granted : verdict::denied;
  known.asking = true;
  known.waiting.push_back(id);
  return verdict::ask;
}

webhook_permits::id_list webhook_permits::settle(const std::string& target,
                                                 std::optional<bool> granted,
                                                 net::clock::time_point now) {
  auto& known = entries_[target];
  known.asking = false;
  known.granted = granted.value_or(false);
  known.until = now;
  if (granted)
    known.until += *granted ? std::chrono::seconds{grant_time} : denial_time;
  return std::exchange(known.waiting, {});
}

void webhook_permits::make_room(net::clock::time_point now) {
  std::erase_if(entries_, [&](auto& pair) {
    return !pair.second.asking && pair.second.until <= now;
  });
  for (auto i = entries_.begin();
       i != entries_.end() && entries_.size() >= most_entries;)
    i = i->second.asking ? std::next(i) : entries_.erase(i);
}

std::string webhook_permits::key_of(const net::dial_target& target,
                                    std::string_view origin) {
  std::string_view uri = target.request_uri;
  return std::string{target.secure ? "https " : "http "} + target.host + ' '
         + std::to_string(target.port) + ' '
         + std::string{uri.substr(0, uri.find('?'))} + ' '
         + std::string{origin};
}

bool webhook_permits::grants(const net::http_response& answer,
                             std::string_view origin) {
  if (answer.status / 100 != 2)
    return false;
  auto allowed = net::trim_blanks(answer.header("WebHook-Allowed-Origin"));
  return allowed == "*" || net::equal_ignoring_case(allowed, origin);
}

} // namespace switchboard::flows
