#include "actors/closed_sockets.hpp"

#include <algorithm>
#include <utility>

#include "actors/socket.hpp"

namespace switchboard::actors {

namespace {

constexpr std::size_t most_path = 512;
constexpr std::size_t most_user_agent = 256;
constexpr std::size_t most_address = 128;
constexpr std::size_t most_groups = 32;

std::string cut(std::string_view text, std::size_t limit) {
  return std::string{text.substr(0, limit)};
}

bool matches(const compiled_filter& filter, const post_mortem& what) {
  if (!filter.config.empty() && filter.config != what.config)
    return false;
  if (filter.type == socket_type_filter::inbound
      && what.type != socket_type::inbound)
    return false;
  if (filter.type == socket_type_filter::outbound
      && what.type != socket_type::outbound)
    return false;
  if (filter.path && !filter.path->matches(what.relative_path))
    return false;
  auto& wanted = filter.groups;
  return wanted.empty()
         || std::any_of(wanted.begin(), wanted.end(), [&](auto& group) {
              return std::find(what.groups.begin(), what.groups.end(), group)
                     != what.groups.end();
            });
}

} // namespace

void closed_sockets::add(post_mortem&& what) {
  std::lock_guard guard{mutex_};
  what.serial = ++last_serial_;
  // Here, so that times have the same order as numbers.
  what.closed_at = caf::make_timestamp();
  if (entries_.size() < post_mortems_kept)
    entries_.push_back(std::move(what));
  else
    entries_[(last_serial_ - 1) % post_mortems_kept] = std::move(what);
}

const post_mortem& closed_sockets::at(std::size_t age) const {
  return entries_[(last_serial_ - 1 - age) % post_mortems_kept];
}

closed_list closed_sockets::list(const compiled_filter& filter,
                                 std::size_t limit,
                                 std::uint64_t before) const {
  closed_list result;
  std::lock_guard guard{mutex_};
  for (std::size_t age = 0; age < entries_.size(); ++age) {
    auto& what = at(age);
    if ((before != 0 && what.serial >= before) || !matches(filter, what))
      continue;
    if (result.sockets.size() == limit) {
      result.next = result.sockets.back().serial;
      break;
    }
    result.sockets.push_back(what);
  }
  return result;
}

std::optional<post_mortem>
closed_sockets::find(std::string_view socket_id) const {
  std::lock_guard guard{mutex_};
  for (std::size_t age = 0; age < entries_.size(); ++age)
    if (at(age).socket_id == socket_id)
      return at(age);
  return std::nullopt;
}

post_mortem make_post_mortem(const socket& who, const string_list& groups) {
  auto& known = who.handshake();
  auto& [outcome, counters] = who.how_it_ended();
  post_mortem result;
  result.socket_id = std::string{known.socket_id()};
  result.type = known.type();
  result.config = std::string{known.config()};
  result.path = cut(known.path(), most_path);
  result.relative_path = cut(known.relative_path(), most_path);
  result.scheme = std::string{known.scheme()};
  result.local_address = cut(known.local_address(), most_address);
  result.remote_address = cut(known.remote_address(), most_address);
  result.subprotocol = cut(known.subprotocol(), most_address);
  if (auto agent = known.header("user-agent"))
    result.user_agent = cut(*agent, most_user_agent);
  auto count = std::min(groups.size(), most_groups);
  result.groups.assign(groups.begin(),
                       groups.begin() + static_cast<std::ptrdiff_t>(count));
  result.opened_at = who.identity().connected_at();
  result.closed_at = caf::make_timestamp();
  result.generation = known.generation();
  result.outcome = outcome;
  result.counters = counters;
  return result;
}

string_pairs fields_of(const post_mortem& what) {
  auto lived = std::chrono::duration_cast<std::chrono::milliseconds>(
      what.closed_at - what.opened_at);
  auto& counters = what.counters;
  return {{"socket", what.socket_id},
          {"type", std::string{switchboard::name_of(what.type)}},
          {"config", what.config},
          {"path", what.path},
          {"remote", what.remote_address},
          {"code", render_close_code(what.outcome.code)},
          {"reason", what.outcome.reason},
          {"by", std::string{switchboard::name_of(what.outcome.by)}},
          {"clean", what.outcome.clean ? "true" : "false"},
          {"lived_ms", std::to_string(lived.count())},
          {"received", std::to_string(counters.messages_received)},
          {"received_bytes", std::to_string(counters.bytes_received)},
          {"sent", std::to_string(counters.messages_sent)},
          {"sent_bytes", std::to_string(counters.bytes_sent)},
          {"peak_queued_bytes", std::to_string(counters.peak_queued_bytes)},
          {"generation", std::to_string(what.generation)}};
}

} // namespace switchboard::actors
