#include "service/client/rates.hpp"

#include <algorithm>
#include <utility>

namespace switchboard::service::client {

namespace {

std::uint64_t number_in(const boost::json::object& from,
                        std::string_view name) {
  auto value = from.if_contains(name);
  if (value == nullptr || !(value->is_int64() || value->is_uint64()))
    return 0;
  return value->is_uint64() ? value->get_uint64()
                            : static_cast<std::uint64_t>(value->get_int64());
}

/// Counters begin anew where an id is used again.
double rate(std::uint64_t now, std::uint64_t before, double seconds) {
  auto grown = now >= before ? now - before : now;
  return static_cast<double>(grown) / seconds;
}

} // namespace

std::vector<socket_rate> rate_counter::look(const boost::json::array& sockets,
                                            double seconds) {
  std::vector<socket_rate> result;
  std::map<std::string, counters> seen;
  for (auto& entry : sockets) {
    auto socket = entry.if_object();
    auto id = socket != nullptr ? socket->if_contains("socket_id") : nullptr;
    if (id == nullptr || !id->is_string())
      continue;
    counters now{number_in(*socket, "messages_received"),
                 number_in(*socket, "messages_sent"),
                 number_in(*socket, "bytes_received"),
                 number_in(*socket, "bytes_sent")};
    std::string name{id->get_string()};
    auto before = last_[name];
    result.push_back(
        {*socket,
         rate(now.messages_received, before.messages_received, seconds),
         rate(now.messages_sent, before.messages_sent, seconds),
         rate(now.bytes_received, before.bytes_received, seconds),
         rate(now.bytes_sent, before.bytes_sent, seconds)});
    seen[std::move(name)] = now;
  }
  last_ = std::move(seen);
  auto busy = [](const socket_rate& what) {
    return std::pair{what.messages_received + what.messages_sent,
                     what.bytes_received + what.bytes_sent};
  };
  std::stable_sort(result.begin(), result.end(),
                   [&](const socket_rate& x, const socket_rate& y) {
                     return busy(x) > busy(y);
                   });
  return result;
}

} // namespace switchboard::service::client
