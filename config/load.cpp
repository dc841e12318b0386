#include "config/load.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "config/checks.hpp"
#include "config/flatten.hpp"
#include "config/key_depth.hpp"
#include "config/sections.hpp"

namespace switchboard::config {

namespace {

constexpr std::size_t max_file_size = 16 * 1024 * 1024;

struct section_spec {
  std::string_view name;
  /// Null: a feature to come.
  void (*read)(const value_reader&, draft&);
};

constexpr section_spec sections[] = {
    {"http_listener", read_http_listeners},
    {"websocket", read_websockets},
    {"flow", read_flows},
    {"runtime", read_runtime},
    {"limits", read_limits},
    {"admin", read_admin},
    {"log", read_log},
    {"tls", read_tls},
    {"proxy", read_proxies},
    {"outbound", read_outbound},
    {"object_store", read_object_stores},
    {"cluster", nullptr},
};

/// The parser quotes the file: keep its control characters from terminals.
std::string printable(std::string_view text) {
  std::string result{text};
  for (auto& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      c = '?';
  return result;
}

std::optional<toml::table> parse(std::string_view text, reading& shared) {
  if (auto at = find_deep_key(text)) {
    shared.report(*at, {},
                  "a key has too many parts, expected at most "
                      + std::to_string(max_key_parts));
    return std::nullopt;
  }
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& problem) {
    shared.report(place_of(problem.source()), {},
                  "not TOML: " + printable(problem.description()));
    return std::nullopt;
  }
}

void read_sections(const toml::table& root, reading& shared, draft& out) {
  std::vector<key_spec> keys;
  for (auto& section : sections)
    keys.push_back({section.name, section.read == nullptr
                                      ? presence::later
                                      : presence::optional});
  table_reader table{value_reader{shared, root, {}}, keys};
  out.listeners_unclear = table.is_misspelled("http_listener");
  out.websockets_unclear = table.is_misspelled("websocket");
  out.proxies_unclear = table.is_misspelled("proxy");
  out.tls_unclear = table.is_misspelled("tls");
  out.object_stores_unclear = table.is_misspelled("object_store");
  for (auto& section : sections)
    if (auto value = table.find(section.name))
      section.read(*value, out);
}

bool has_nothing_to_do(const document& value) {
  return value.switchboard.websockets.empty()
         && std::none_of(value.flows.begin(), value.flows.end(),
                         [](const flow_options& flow) {
                           return flow.source != flow_source::none;
                         });
}

} // namespace

load_result load(std::string_view text, const std::filesystem::path& directory,
                 const environment& env) {
  reading shared{env, directory, {}};
  draft read;
  key_values keys;
  if (auto root = parse(text, shared)) {
    read_sections(*root, shared, read);
    check_services(shared, read);
    check_outbound(shared, read);
    check_flows(shared, read);
    if (shared.found.empty() && has_nothing_to_do(read.value))
      shared.report({1, 1}, {},
                    "nothing to do: the file has no [websocket.NAME] and no "
                    "[[flow]] with a source, expected at least one");
    if (shared.found.empty())
      keys = flatten(*root, env, directory);
  }
  std::stable_sort(shared.found.begin(), shared.found.end(),
                   [](const diagnostic& x, const diagnostic& y) {
                     return std::tie(x.at.line, x.at.column)
                            < std::tie(y.at.line, y.at.column);
                   });
  return {std::move(read.value), std::move(shared.found), std::move(keys),
          std::move(shared.templates)};
}

load_result load_file(const std::filesystem::path& file,
                      const environment& env) {
  auto read = read_file(file, max_file_size);
  if (!read.text)
    return {{}, {{{}, {}, "cannot be read: " + read.problem}}};
  return load(*read.text, file.parent_path(), env);
}

} // namespace switchboard::config
