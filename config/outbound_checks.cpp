#include <unordered_map>

#include "config/checks.hpp"

namespace switchboard::config {

namespace {

/// The configurations as `[[outbound]]` sees them.
struct known_configs {
  explicit known_configs(const draft& read) {
    auto& websockets = read.value.switchboard.websockets;
    for (std::size_t i = 0; i < websockets.size(); ++i) {
      names.push_back(websockets[i].name);
      has_client.emplace(websockets[i].name, read.websockets[i].has_client);
      if (read.websockets[i].has_client)
        with_client.push_back(websockets[i].name);
    }
  }

  std::vector<std::string_view> names;
  std::vector<std::string_view> with_client;
  std::unordered_map<std::string_view, bool> has_client;
};

void check_config(reading& shared, const draft& read,
                  const known_configs& configs, const outbound_draft& notes,
                  outbound_options& options) {
  if (read.websockets_unclear)
    return;
  if (auto& name = notes.config) {
    auto found = configs.has_client.find(name->value);
    if (found == configs.has_client.end())
      shared.refuse(*name,
                    unknown_name(*name, "[websocket.NAME]", configs.names));
    else if (!found->second)
      shared.refuse(*name, shown(*name)
                               + " has no client settings, expected a "
                                 "configuration with [websocket.NAME.client]");
    return;
  }
  if (notes.config_wrong)
    return;
  if (configs.with_client.size() == 1) {
    options.config = configs.with_client.front();
    return;
  }
  shared.report(options.at, notes.key + ".config",
                configs.with_client.empty()
                    ? "is missing, expected a [websocket.NAME.client] in this "
                      "file"
                    : "is missing, expected the name of one of the "
                          + std::to_string(configs.with_client.size())
                          + " configurations with client settings");
}

} // namespace

void check_outbound(reading& shared, draft& read) {
  known_configs configs{read};
  std::unordered_map<std::string_view, source_place> ids;
  for (std::size_t i = 0; i < read.outbound.size(); ++i) {
    auto& notes = read.outbound[i];
    check_config(shared, read, configs, notes,
                 read.value.switchboard.outbound[i]);
    if (!notes.socket_id)
      continue;
    auto& id = *notes.socket_id;
    auto [first, is_new] = ids.try_emplace(id.value, id.at);
    if (!is_new)
      shared.refuse(id, shown(id) + " is the id of the socket of line "
                            + std::to_string(first->second.line)
                            + ", expected a unique id");
  }
}

} // namespace switchboard::config
