#include "actors/check_options.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <switchboard/error.hpp>
#include <switchboard/path_pattern.hpp>

#include "actors/socket_id.hpp"

namespace switchboard::actors {

namespace {

caf::error contradiction(std::string text) {
  return make_error(errc::invalid_argument, std::move(text));
}

template <class T>
const T* named(const std::vector<T>& list, const std::string& name) {
  auto i = std::find_if(list.begin(), list.end(),
                        [&](auto& entry) { return entry.name == name; });
  return i == list.end() ? nullptr : &*i;
}

/// By listener and base path: the configuration that has them.
using base_paths = std::map<std::pair<std::string, std::string>, std::string>;

caf::error check_server(const websocket_options& what,
                        const switchboard_options& options, base_paths& bases) {
  auto& server = *what.server;
  auto listener = named(options.listeners, server.listener);
  if (listener == nullptr)
    return contradiction("configuration `" + what.name
                         + "` names the listener `" + server.listener
                         + "`, which does not exist");
  auto base =
      join_paths({}, server.listener_base_path.value_or(listener->base_path));
  if (!bases.emplace(std::pair{listener->name, base}, what.name).second)
    return contradiction("two configurations share the listener `"
                         + listener->name + "` and the base path " + base);
  return caf::none;
}

caf::error check_outbound(const switchboard_options& options) {
  std::set<std::string> ids;
  for (auto& what : options.outbound) {
    auto clients = std::count_if(
        options.websockets.begin(), options.websockets.end(), [&](auto& entry) {
          return entry.client
                 && (what.config.empty() || entry.name == what.config);
        });
    if (clients != 1)
      return contradiction(what.config.empty()
                               ? "an outbound socket names no configuration"
                               : "an outbound socket names the configuration `"
                                     + what.config
                                     + "`, which has no client settings");
    if (what.socket_id.empty())
      continue;
    if (auto problem = judge_socket_id(what.socket_id); !problem.empty())
      return contradiction(std::string{problem});
    if (!ids.insert(what.socket_id).second)
      return contradiction("two outbound sockets have the id `" + what.socket_id
                           + "`");
  }
  return caf::none;
}

} // namespace

caf::error check_options(const switchboard_options& options) {
  base_paths bases;
  std::set<std::string> names;
  for (auto& what : options.websockets) {
    if (what.name.empty())
      return contradiction("a configuration has no name");
    if (!names.insert(what.name).second)
      return contradiction("two configurations are called `" + what.name + "`");
    if (!what.server && !what.client)
      return contradiction("configuration `" + what.name
                           + "` has neither server nor client settings");
    if (what.server)
      if (auto problem = check_server(what, options, bases))
        return problem;
    if (what.client && !what.client->proxy.empty()
        && named(options.proxies, what.client->proxy) == nullptr)
      return contradiction("configuration `" + what.name + "` names the proxy `"
                           + what.client->proxy + "`, which does not exist");
  }
  return check_outbound(options);
}

} // namespace switchboard::actors
