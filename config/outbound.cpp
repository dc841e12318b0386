#include "config/constants.hpp"
#include "config/name_values.hpp"
#include "config/reconnection.hpp"
#include "config/sections.hpp"
#include "config/socket_keys.hpp"
#include "config/templates.hpp"
#include "config/uri_text.hpp"

namespace switchboard::config {

namespace {

constexpr key_spec keys[] = {
    {"config"},       {"socket_id"},        {"default_groups"}, {"path"},
    {"url"},          {"headers"},          {"query_params"},   {"uri_params"},
    {"reconnection"}, {"send_queue_limit"}, {"slow_consumer"},
};

/// Reads a string that one of the checks of constants judges.
std::optional<text> read_checked(const table_reader& table,
                                 std::string_view name,
                                 std::string (*check)(const text&)) {
  auto found = table.string(name);
  if (!found)
    return std::nullopt;
  if (auto problem = check(*found); !problem.empty()) {
    table.shared().refuse(*found, std::move(problem));
    return std::nullopt;
  }
  return found;
}

void read_socket(const value_reader& value, draft& out) {
  table_reader table{value, keys, "a table [[outbound]]"};
  outbound_options options;
  outbound_draft notes;
  options.at = value.at();
  notes.key = value.key();
  if (auto config = table.find("config")) {
    notes.config = read_constant(*config, "the name of a [websocket.NAME]");
    notes.config_wrong = !notes.config;
    if (notes.config)
      options.config = notes.config->value;
  } else {
    notes.config_wrong = table.is_misspelled("config");
  }
  if ((notes.socket_id = read_checked(table, "socket_id", check_socket_id)))
    options.socket_id = notes.socket_id->value;
  read_default_groups(table, options.default_groups);
  auto known = table.shared().found.size();
  read_uri_params(table, options.uri_params);
  auto params_wrong = table.shared().found.size() != known;
  auto path = read_checked(table, "path", check_outbound_path);
  auto url = read_checked(table, "url", check_outbound_url);
  if (table.has("path") && table.has("url"))
    table.refuse_key("path", "stands beside url, expected one of the two");
  if (path)
    options.path = path->value;
  if (url)
    options.url = url->value;
  // A list that went wrong may have had the name.
  if (!params_wrong && !table.is_misspelled("uri_params"))
    for (auto& target : {path, url})
      if (target)
        for (auto& problem : missing_uri_params(*target, options.uri_params))
          table.shared().refuse(*target, problem);
  read_headers(table, "headers", options.headers);
  read_query_params(table, "query_params", options.query_params);
  options.reconnection = read_reconnection(table);
  options.send_queue = read_send_queue(table);
  out.value.switchboard.outbound.push_back(std::move(options));
  out.outbound.push_back(std::move(notes));
}

} // namespace

void read_default_groups(const table_reader& table,
                         std::vector<std::string>& out) {
  constexpr std::size_t max_groups = 1000;
  auto value = table.find("default_groups");
  auto elements = value ? value->array("an array of strings") : std::nullopt;
  if (!elements)
    return;
  if (elements->size() > max_groups)
    value->refuse("has " + std::to_string(elements->size())
                  + " groups, expected at most " + std::to_string(max_groups));
  for (auto& element : *elements) {
    auto group = read_constant(element, "the name of a group");
    if (!group)
      continue;
    if (auto problem = check_group(*group); problem.empty())
      out.push_back(group->value);
    else
      element.refuse(std::move(problem));
  }
}

void read_outbound(const value_reader& section, draft& out) {
  auto elements = section.array("tables [[outbound]]");
  if (!elements)
    return;
  for (auto& element : *elements)
    read_socket(element, out);
}

} // namespace switchboard::config
