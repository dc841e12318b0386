#include "config/table_reader.hpp"

#include <algorithm>

#include "config/nearest.hpp"

namespace switchboard::config {

namespace {

struct entry {
  const toml::key* key;
  const toml::node* node;
};

/// The entries of a table as they stand in the file.
std::vector<entry> in_file_order(const toml::table& table) {
  std::vector<entry> result;
  for (auto&& [key, node] : table)
    result.push_back({&key, &node});
  std::stable_sort(result.begin(), result.end(),
                   [](const entry& x, const entry& y) {
                     return x.key->source().begin < y.key->source().begin;
                   });
  return result;
}

} // namespace

std::string join_keys(const std::string& table, std::string_view key) {
  return table.empty() ? shown_key(key) : table + '.' + shown_key(key);
}

table_reader::table_reader(const value_reader& value,
                           std::span<const key_spec> keys,
                           std::string_view expected)
    : value_(value), table_(value.table(expected)) {
  if (table_ != nullptr)
    check_keys(keys);
  has_refused_ = table_ == nullptr || usable_.size() < table_->size();
}

void table_reader::check_keys(std::span<const key_spec> keys) {
  std::vector<std::string_view> names;
  for (auto& spec : keys)
    names.push_back(spec.name);
  for (auto& entry : in_file_order(*table_)) {
    auto name = entry.key->str();
    auto spec = std::find_if(keys.begin(), keys.end(), [&](auto& candidate) {
      return candidate.name == name;
    });
    if (spec == keys.end()) {
      auto guess = nearest(name, names);
      guesses_.push_back(guess);
      refuse_key(name, "is an unknown key, the nearest known key is "
                           + std::string{guess});
    } else if (spec->is == presence::later) {
      refuse_key(name, "is not available yet, expected it left out");
    } else {
      usable_.push_back(spec->name);
    }
  }
  for (auto& spec : keys)
    if (spec.is == presence::required && !table_->contains(spec.name)
        && !is_misspelled(spec.name))
      shared().report(at(), key_of(spec.name),
                      "is missing, expected " + std::string{spec.expected});
}

std::string table_reader::key_of(std::string_view name) const {
  return join_keys(key(), name);
}

source_place table_reader::place_of_key(std::string_view name) const {
  if (table_ != nullptr)
    if (auto found = table_->find(name); found != table_->end())
      return place_of(found->first.source());
  return at();
}

bool table_reader::has(std::string_view name) const {
  return table_ != nullptr && table_->contains(name);
}

bool table_reader::is_misspelled(std::string_view name) const {
  return !has(name)
         && std::find(guesses_.begin(), guesses_.end(), name) != guesses_.end();
}

std::optional<value_reader> table_reader::find(std::string_view name) const {
  if (std::find(usable_.begin(), usable_.end(), name) == usable_.end())
    return std::nullopt;
  return value_reader{shared(), *table_->get(name), key_of(name)};
}

void table_reader::refuse_key(std::string_view name,
                              std::string message) const {
  shared().report(place_of_key(name), key_of(name), std::move(message));
}

std::optional<text> table_reader::string(std::string_view name) const {
  auto value = find(name);
  return value ? value->string() : std::nullopt;
}

bool table_reader::number(std::string_view name, double& out, double min,
                          double max) const {
  auto value = find(name);
  return value && store(value->number(min, max), out);
}

bool table_reader::boolean(std::string_view name, bool& out) const {
  auto value = find(name);
  return value && store(value->boolean(), out);
}

bool table_reader::duration(std::string_view name,
                            std::chrono::nanoseconds& out,
                            std::chrono::nanoseconds min) const {
  auto value = find(name);
  return value && store(value->duration(min), out);
}

bool table_reader::size(std::string_view name, std::size_t& out,
                        std::uint64_t min, std::uint64_t max) const {
  auto value = find(name);
  return value && store(value->size(min, max), out);
}

std::optional<std::vector<text>>
table_reader::strings(std::string_view name) const {
  auto value = find(name);
  if (!value)
    return std::nullopt;
  auto elements = value->array("an array of strings");
  if (!elements)
    return std::nullopt;
  std::vector<text> result;
  for (auto& element : *elements)
    if (auto word = element.string())
      result.push_back(std::move(*word));
  return result;
}

std::vector<named_value> named_values(const value_reader& section,
                                      std::string_view expected) {
  std::vector<named_value> result;
  auto* table = section.table(expected);
  if (table == nullptr)
    return result;
  for (auto& [key, node] : in_file_order(*table)) {
    std::string name{key->str()};
    value_reader value{section.shared(), *node, join_keys(section.key(), name)};
    result.push_back({std::move(name), place_of(key->source()), value});
  }
  return result;
}

std::vector<named_table> named_tables(const value_reader& section,
                                      std::string_view expected) {
  std::vector<named_table> result;
  for (auto& [name, key_at, value] : named_values(section, expected)) {
    if (name.empty())
      section.shared().report(key_at, value.key(),
                              "is an empty name, expected a name");
    else if (value.table(expected) != nullptr)
      result.push_back({std::move(name), std::move(value)});
  }
  return result;
}

} // namespace switchboard::config
