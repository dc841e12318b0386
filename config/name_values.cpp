#include "config/name_values.hpp"

#include <algorithm>
#include <functional>

#include "config/addresses.hpp"
#include "config/templates.hpp"

namespace switchboard::config {

namespace {

constexpr key_spec pair_keys[] = {
    {"key", presence::required, "a name"},
    {"value", presence::required, "a string"},
};

constexpr std::string_view expected_pairs =
    "a table of names and values or an array of tables { key, value }";

/// Headers that make the handshake: who sets them breaks it.
constexpr std::string_view reserved[] = {
    "connection",
    "content-length",
    "expect",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "transfer-encoding",
    "upgrade",
};

using check = std::string (*)(const text&);

std::string check_name(const text& name) {
  return name.value.empty() ? "is empty, expected a name" : "";
}

std::string check_nothing(const text&) {
  return {};
}

/// Reports what a check finds.
bool is_wrong(reading& shared, const text& what, check by) {
  auto problem = by(what);
  if (problem.empty())
    return false;
  shared.refuse(what, std::move(problem));
  return true;
}

/// What to do with a pair.
/// @param key unset: wrong, the value is to be checked only.
using pair_visitor = std::function<void(const std::optional<text>& key,
                                        const value_reader& value)>;

void visit_table(const value_reader& value, check name,
                 const pair_visitor& visit) {
  for (auto& [key, key_at, held] : named_values(value, expected_pairs)) {
    text found{key, key_at, held.key()};
    if (is_wrong(value.shared(), found, name))
      continue;
    if (!held.node().is_array())
      visit(found, held);
    else if (auto elements = held.array("an array of strings"))
      for (auto& element : *elements)
        visit(found, element);
  }
}

void visit_array(const value_reader& value, check name,
                 const pair_visitor& visit) {
  auto elements = value.array(expected_pairs);
  for (auto& element : *elements) {
    table_reader table{element, pair_keys, "a table { key, value }"};
    auto key = table.string("key");
    if (key && is_wrong(value.shared(), *key, name))
      key.reset();
    if (auto held = table.find("value"))
      visit(key, *held);
  }
}

void visit_pairs(const value_reader& value, check name,
                 const pair_visitor& visit) {
  if (value.node().is_array())
    visit_array(value, name, visit);
  else
    visit_table(value, name, visit);
}

void read_pairs(const table_reader& table, std::string_view name, check key,
                check value, name_values& out) {
  auto found = table.find(name);
  if (!found)
    return;
  visit_pairs(*found, key,
              [&](const std::optional<text>& of, const value_reader& held) {
                auto word = held.string();
                if (word && !is_wrong(table.shared(), *word, value) && of)
                  out.emplace_back(of->value, word->value);
              });
}

template_pairs read_templates(const table_reader& table, std::string_view name,
                              check key, check value) {
  template_pairs result;
  auto found = table.find(name);
  if (!found)
    return result;
  if (auto* single = found->node().as_string()) {
    auto expected =
        "one `#[ … ]` that yields a table, " + std::string{expected_pairs};
    // What a message showed could be a secret.
    if (single->get().starts_with("#["))
      result.from_expression = read_expression(*found, expected);
    else
      found->refuse("is a string, expected " + expected);
    return result;
  }
  visit_pairs(*found, key,
              [&](const std::optional<text>& of, const value_reader& held) {
                auto word = read_template(held, value);
                if (word && of)
                  result.items.emplace_back(of->value, std::move(*word));
              });
  return result;
}

/// Refuses names that stand twice.
template <class Pairs>
void check_unique(const table_reader& table, std::string_view key,
                  Pairs& pairs) {
  for (auto i = pairs.begin(); i != pairs.end();) {
    auto same = [&](const auto& pair) {
      return pair.first == i->first;
    };
    if (std::find_if(pairs.begin(), i, same) == i) {
      ++i;
      continue;
    }
    table.refuse_key(key, "gives " + in_quotes(i->first)
                              + " twice, expected one value");
    i = pairs.erase(i);
  }
}

} // namespace

std::string lower(std::string_view word) {
  std::string result{word};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string check_header_name(const text& name) {
  if (!is_token(name.value))
    return shown(name)
           + " is no header's name, expected a token such as \"x-request-id\"";
  auto plain = lower(name.value);
  if (std::find(std::begin(reserved), std::end(reserved), plain)
      != std::end(reserved))
    return shown(name) + " belongs to the handshake, expected another header";
  return {};
}

std::string check_header_value(const text& value) {
  for (auto c : value.value) {
    auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7F)
      return "holds a control character, expected a header's value on one line";
  }
  return {};
}

void read_headers(const table_reader& table, std::string_view name,
                  name_values& out) {
  read_pairs(table, name, check_header_name, check_header_value, out);
}

void read_query_params(const table_reader& table, std::string_view name,
                       name_values& out) {
  read_pairs(table, name, check_name, check_nothing, out);
}

void read_uri_params(const table_reader& table, name_values& out) {
  read_pairs(table, "uri_params", check_name, check_nothing, out);
  check_unique(table, "uri_params", out);
}

template_pairs read_header_templates(const table_reader& table) {
  return read_templates(table, "headers", check_header_name,
                        check_header_value);
}

template_pairs read_query_param_templates(const table_reader& table) {
  return read_templates(table, "query_params", check_name, check_nothing);
}

template_pairs read_uri_param_templates(const table_reader& table) {
  auto result = read_templates(table, "uri_params", check_name, check_nothing);
  check_unique(table, "uri_params", result.items);
  return result;
}

} // namespace switchboard::config
