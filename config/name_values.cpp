#include "config/name_values.hpp"

#include <algorithm>

#include "config/addresses.hpp"

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
    "connection", "content-length",    "host",
    "upgrade",    "transfer-encoding", "proxy-connection",
};

std::string lower(std::string_view word) {
  std::string result{word};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return result;
}

using check = std::string (*)(const text&);

std::string check_name(const text& name) {
  return name.value.empty() ? "is empty, expected a name" : "";
}

std::string check_nothing(const text&) {
  return {};
}

/// Reads one list of names and values.
class pair_reader {
public:
  pair_reader(check name, check value, name_values& out)
      : check_name_(name), check_value_(value), out_(out) {
    // nop
  }

  void read(const value_reader& value) {
    if (value.node().is_array())
      read_array(value);
    else
      read_table(value);
  }

private:
  void read_table(const value_reader& value) {
    for (auto& [name, key_at, held] : named_values(value, expected_pairs)) {
      text key{name, key_at, held.key()};
      if (is_wrong(value.shared(), key, check_name_))
        continue;
      if (!held.node().is_array()) {
        add(key, held, "a string or an array of strings");
        continue;
      }
      if (auto elements = held.array("an array of strings"))
        for (auto& element : *elements)
          add(key, element, "a string");
    }
  }

  void read_array(const value_reader& value) {
    auto elements = value.array(expected_pairs);
    for (auto& element : *elements) {
      table_reader table{element, pair_keys, "a table { key, value }"};
      auto key = table.string("key");
      if (key && is_wrong(value.shared(), *key, check_name_))
        key.reset();
      if (auto held = table.find("value"))
        add(key, *held, "a string");
    }
  }

  /// @param key unset: wrong, the value is checked only.
  void add(const std::optional<text>& key, const value_reader& value,
           std::string_view expected) {
    auto found = value.string(expected);
    if (found && !is_wrong(value.shared(), *found, check_value_) && key)
      out_.emplace_back(key->value, found->value);
  }

  static bool is_wrong(reading& shared, const text& what, check by) {
    auto problem = by(what);
    if (problem.empty())
      return false;
    shared.refuse(what, std::move(problem));
    return true;
  }

  check check_name_;
  check check_value_;
  name_values& out_;
};

void read_pairs(const table_reader& table, std::string_view name, check key,
                check value, name_values& out) {
  if (auto found = table.find(name))
    pair_reader{key, value, out}.read(*found);
}

} // namespace

std::string check_header_name(const text& name) {
  if (!is_token(name.value))
    return shown(name)
           + " is no header's name, expected a token such as \"x-request-id\"";
  auto plain = lower(name.value);
  if (plain.starts_with("sec-websocket-")
      || std::find(std::begin(reserved), std::end(reserved), plain)
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
  for (auto i = out.begin(); i != out.end();) {
    auto same = [&](const auto& pair) {
      return pair.first == i->first;
    };
    if (std::find_if(out.begin(), i, same) == i) {
      ++i;
      continue;
    }
    table.refuse_key("uri_params", "gives " + in_quotes(i->first)
                                       + " twice, expected one value");
    i = out.erase(i);
  }
}

} // namespace switchboard::config
