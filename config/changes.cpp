#include "config/changes.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <set>

namespace switchboard::config {

namespace {

using effect = reload_effect;

/// What changes of the keys below a path mean; `*` stands for any one part.
/// The first that fits counts.
struct rule {
  std::initializer_list<std::string_view> path;
  effect result = effect::needs_restart;
  std::string_view note = {};
};

constexpr std::string_view reopened = "it is closed normally and opened again";

const rule rules[] = {
    {{"runtime", "drain"}, effect::applied},
    {{"runtime", "drain_timeout"}, effect::applied},
    {{"admin", "tokens"}, effect::applied},
    {{"log"}, effect::applied},
    {{"limits"}, effect::applied},
    {{"tls"}, effect::applied_to_new_sockets},
    {{"proxy"}, effect::applied_to_new_sockets},
    {{"http_listener", "*", "host"}, effect::applied},
    {{"http_listener", "*", "port"}, effect::applied},
    {{"http_listener"}, effect::applied_to_new_sockets},
    {{"websocket"}, effect::applied_to_new_sockets},
    {{"outbound"}, effect::applied, reopened},
    {{"flow", "*", "path"}, effect::applied_to_new_sockets},
    {{"flow", "*", "config"}, effect::applied_to_new_sockets},
    {{"flow", "*", "source"}, effect::applied_to_new_sockets},
    {{"flow", "*", "default_groups"}, effect::applied_to_new_sockets},
    {{"flow", "*", "reconnection"}, effect::applied_to_new_sockets},
    {{"flow", "*", "send_queue_limit"}, effect::applied_to_new_sockets},
    {{"flow", "*", "slow_consumer"}, effect::applied_to_new_sockets},
    {{"flow", "*", "streaming"}, effect::applied_to_new_sockets},
    {{"flow"}, effect::applied},
};

/// Entries that come and go as a whole.
struct whole_rule {
  std::string_view section;
  effect added = effect::applied;
  effect removed = effect::applied;
  std::string_view note_when_removed = {};
};

constexpr whole_rule whole_rules[] = {
    {"http_listener", effect::applied, effect::applied,
     "it accepts no more; its open sockets stay"},
    {"websocket", effect::applied, effect::applied,
     "it takes no more sockets; those that are open stay"},
    {"tls", effect::applied, effect::applied},
    {"proxy", effect::applied, effect::applied},
    {"flow", effect::applied, effect::applied,
     "events of its open sockets are dropped"},
    {"outbound", effect::applied, effect::applied, "it is closed normally"},
};

bool fits(const rule& what, const key_path& key) {
  if (what.path.size() > key.size())
    return false;
  return std::equal(what.path.begin(), what.path.end(), key.begin(),
                    [](std::string_view x, std::string_view y) {
                      return x == "*" || x == y;
                    });
}

bool is_below(const key_path& key, const key_path& top) {
  return key.size() >= top.size()
         && std::equal(top.begin(), top.end(), key.begin());
}

/// Whether a path names an entry that comes and goes as a whole.
bool is_whole(const key_path& key) {
  return key.size() == 2
         && (key[0] == "object_store"
             || std::any_of(
                 std::begin(whole_rules), std::end(whole_rules),
                 [&](auto& what) { return what.section == key.front(); }));
}

/// Flows of `startup` run once only.
bool runs_at_start(const key_path& key, const key_values& in) {
  auto i = in.find({"flow", key[1], "source"});
  return i != in.end() && i->second == "s7:startup";
}

constexpr std::string_view at_start = "flows of startup run at the start only";

key_change judge(const key_path& key, change_kind kind,
                 const key_values& after) {
  key_change result{key, kind, effect::needs_restart};
  if (key.front() == "flow" && key.size() > 1 && kind != change_kind::removed
      && runs_at_start(key, after)) {
    result.note = at_start;
    return result;
  }
  if (is_whole(key)) {
    for (auto& what : whole_rules)
      if (what.section == key.front()) {
        auto removed = kind == change_kind::removed;
        result.effect = removed ? what.removed : what.added;
        result.note = removed ? what.note_when_removed : std::string_view{};
      }
    return result;
  }
  for (auto& what : rules)
    if (fits(what, key)) {
      result.effect = what.result;
      result.note = what.note;
      return result;
    }
  return result;
}

/// An address that waits for a restart must not lose its tokens before.
void keep_tokens(std::vector<key_change>& changes, const key_values& after) {
  static const key_path tokens{"admin", "tokens"};
  auto left = after.find(tokens);
  if (left != after.end() && left->second != "a")
    return;
  auto moves = std::any_of(changes.begin(), changes.end(), [](auto& what) {
    return what.key.front() == "admin" && what.effect == effect::needs_restart;
  });
  for (auto& what : changes)
    if (moves && what.key == tokens) {
      what.effect = effect::needs_restart;
      what.note = "as long as the rest of [admin] does";
    }
}

} // namespace

std::string_view name_of(change_kind what) noexcept {
  switch (what) {
    case change_kind::added:
      return "added";
    case change_kind::removed:
      return "removed";
    default:
      return "changed";
  }
}

std::string_view name_of(reload_effect what) noexcept {
  switch (what) {
    case effect::applied:
      return "applied";
    case effect::applied_to_new_sockets:
      return "applied for new sockets";
    default:
      return "needs a restart";
  }
}

std::vector<key_change> compare(const key_values& before,
                                const key_values& after) {
  std::set<key_path> keys;
  for (auto list : {&before, &after})
    for (auto& [key, value] : *list)
      keys.insert(key);
  std::vector<key_change> result;
  key_path covered;
  for (auto& key : keys) {
    if (!covered.empty() && is_below(key, covered))
      continue;
    auto old = before.find(key);
    auto now = after.find(key);
    if (old != before.end() && now != after.end() && old->second == now->second)
      continue;
    auto kind = old == before.end()  ? change_kind::added
                : now == after.end() ? change_kind::removed
                                     : change_kind::changed;
    auto named = key;
    // An outbound socket is opened as it is, or not.
    if (key.front() == "outbound" && key.size() > 2) {
      named.resize(2);
      kind = change_kind::changed;
    }
    if (is_whole(named))
      covered = named;
    if (named != key)
      result.push_back({named, kind, effect::applied, reopened});
    else
      result.push_back(judge(key, kind, after));
  }
  keep_tokens(result, after);
  return result;
}

key_values in_force(const key_values& before, const key_values& after,
                    const std::vector<key_change>& changes) {
  auto result = after;
  for (auto& what : changes) {
    if (what.effect != effect::needs_restart)
      continue;
    std::erase_if(result,
                  [&](auto& entry) { return is_below(entry.first, what.key); });
    for (auto& [key, value] : before)
      if (is_below(key, what.key))
        result[key] = value;
  }
  return result;
}

} // namespace switchboard::config
