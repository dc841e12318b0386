#include "config/flatten.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <sstream>
#include <string_view>

#include "config/shown.hpp"
#include "config/substitution.hpp"

namespace switchboard::config {

namespace {

/// Sections whose entries are tables with names of the file's own.
constexpr std::string_view of_named_tables[] = {
    "http_listener", "websocket", "tls", "proxy", "object_store",
};

bool has_named_tables(std::string_view section) {
  return std::find(std::begin(of_named_tables), std::end(of_named_tables),
                   section)
         != std::end(of_named_tables);
}

/// As the names of sockets that have none, and of flows, follow from what
/// they hold.
std::string name_by_content(const std::string& content) {
  static constexpr std::string_view digits = "0123456789abcdef";
  auto hash = std::hash<std::string>{}(content);
  std::string result = "unnamed-";
  for (auto i = 0; i < 8; ++i, hash >>= 4)
    result += digits[hash & 15];
  return result;
}

class flattening {
public:
  flattening(const environment& env, const std::filesystem::path& directory)
      : env_(env), directory_(directory) {
    // nop
  }

  void add_sections(const toml::table& root) {
    for (auto&& [key, node] : root) {
      std::string section{key.str()};
      if (auto entries = node.as_array();
          entries != nullptr && (section == "flow" || section == "outbound"))
        add_entries(section, *entries);
      else
        add({section}, node);
    }
  }

  key_values result;

private:
  void add(const key_path& key, const toml::node& node) {
    auto table = node.as_table();
    if (table == nullptr) {
      result[key] = text_of(node);
      return;
    }
    if (key.size() == 2 && has_named_tables(key.front()))
      result[key] = {};
    for (auto&& [name, value] : *table) {
      auto longer = key;
      longer.emplace_back(name.str());
      add(longer, value);
    }
  }

  void add_entries(const std::string& section, const toml::array& entries) {
    for (auto&& node : entries) {
      auto table = node.as_table();
      if (table == nullptr)
        continue;
      auto called = table->get(section == "flow" ? "name" : "socket_id");
      auto name = called != nullptr && called->is_string()
                      ? replaced(called->as_string()->get())
                      : std::string{};
      if (name.empty())
        name = name_by_content(text_of(node));
      key_path key{section, name};
      // Several may hold the same.
      for (auto i = 2; result.contains(key); ++i)
        key.back() = name + "-" + std::to_string(i);
      result[key] = {};
      for (auto&& [inner, value] : *table)
        add({section, key.back(), std::string{inner.str()}}, value);
    }
  }

  std::string replaced(std::string_view text) const {
    auto done = substitute(text, env_, directory_);
    return done.problems.empty() ? std::move(done.value) : std::string{text};
  }

  /// One spelling for each value: what stands in it has its length in front.
  std::string text_of(const toml::node& node) const {
    auto framed = [](std::string_view text) {
      return std::to_string(text.size()) + ":" + std::string{text};
    };
    if (auto text = node.as_string())
      return "s" + framed(replaced(text->get()));
    std::string result;
    if (auto list = node.as_array()) {
      result = "a";
      for (auto&& entry : *list)
        result += framed(text_of(entry));
    } else if (auto table = node.as_table()) {
      result = "t";
      for (auto&& [name, value] : *table)
        result += framed(name.str()) + framed(text_of(value));
    } else if (auto number = node.as_integer()) {
      result = "i" + std::to_string(number->get());
    } else if (auto flag = node.as_boolean()) {
      result = flag->get() ? "true" : "false";
    } else if (auto fraction = node.as_floating_point()) {
      std::ostringstream out;
      out.precision(17);
      out << 'f' << fraction->get();
      result = out.str();
    } else {
      // Dates and times, which no key takes.
      result = "d";
    }
    return result;
  }

  const environment& env_;
  const std::filesystem::path& directory_;
};

} // namespace

std::string to_string(const key_path& key) {
  std::string result;
  for (auto& part : key)
    result += (result.empty() ? "" : ".") + shown_key(part);
  return result;
}

key_values flatten(const toml::table& root, const environment& env,
                   const std::filesystem::path& directory) {
  flattening work{env, directory};
  work.add_sections(root);
  return std::move(work.result);
}

} // namespace switchboard::config
