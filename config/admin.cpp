#include <algorithm>

#include "config/sections.hpp"

namespace switchboard::config {

namespace {

constexpr key_spec keys[] = {
    {"host"}, {"port"}, {"tls"}, {"tokens"}, {"console"},
};

/// Whether a text can follow `Bearer ` in a header.
bool is_bearer_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7F;
  });
}

void read_tokens(const table_reader& table, draft& out) {
  auto value = table.find("tokens");
  if (!value)
    return;
  auto* array = value->node().as_array();
  out.admin.has_tokens = array == nullptr || !array->empty();
  auto tokens = table.strings("tokens");
  if (!tokens)
    return;
  for (auto& token : *tokens) {
    if (is_bearer_token(token.value))
      out.value.admin.tokens.push_back(token.value);
    else
      table.shared().refuse(
          token, token.value.empty() ? "is empty, expected a token"
                                     : "is no bearer token, expected printable "
                                       "ASCII without spaces");
  }
}

} // namespace

void read_admin(const value_reader& section, draft& out) {
  table_reader table{section, keys};
  auto& options = out.value.admin;
  options.at = table.at();
  out.admin.key = table.key();
  if (auto value = table.find("host")) {
    out.admin.host = read_host(*value);
    out.admin.host_wrong = !out.admin.host;
    if (out.admin.host)
      options.host = out.admin.host->value;
  }
  if (table.has("port"))
    out.admin.port_wrong = !table.integer("port", options.port, 0, 65535);
  if (auto name = table.string("tls")) {
    options.tls = name->value;
    out.tls_uses.push_back({std::move(*name), true});
  } else {
    out.admin.tls_wrong = table.has("tls");
  }
  read_tokens(table, out);
  table.boolean("console", options.console);
}

} // namespace switchboard::config
