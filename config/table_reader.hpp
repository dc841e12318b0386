#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/value_reader.hpp"

namespace switchboard::config {

enum class presence : std::uint8_t {
  optional,
  required,
  /// A feature to come: refused by name as not available yet.
  later,
};

/// A key that a table may have.
struct key_spec {
  std::string_view name;
  presence is = presence::optional;
  /// What a required key that is missing should have been.
  std::string_view expected = {};
};

/// A word that stands for a value.
template <class T>
struct named {
  std::string_view name;
  /// Unset: a feature to come, refused as not available yet.
  std::optional<T> value;
};

/// One table of the file. Its constructor reports the keys that are unknown,
/// not available yet, or required and missing; its members read the others.
/// Where a key is absent or wrong they leave `out` alone; they answer whether
/// they set it.
class table_reader {
public:
  /// @param expected completes the message where the value is no table.
  table_reader(const value_reader& value, std::span<const key_spec> keys,
               std::string_view expected = "a table");

  table_reader(const value_reader& value, std::initializer_list<key_spec> keys,
               std::string_view expected = "a table")
      : table_reader(value, std::span{keys.begin(), keys.size()}, expected) {
    // nop
  }

  const std::string& key() const noexcept {
    return value_.key();
  }

  source_place at() const {
    return value_.at();
  }

  reading& shared() const noexcept {
    return value_.shared();
  }

  /// The full name of a key of this table.
  std::string key_of(std::string_view name) const;

  /// Where the key of a present entry stands.
  source_place place_of_key(std::string_view name) const;

  bool has(std::string_view name) const;

  /// Whether the value is no table or a key of it was refused by name.
  bool has_refused() const noexcept {
    return has_refused_;
  }

  /// Whether a key is absent, and an unknown one comes nearest to it: it was
  /// reported, and its absence is no second mistake.
  bool is_misspelled(std::string_view name) const;

  /// The value of a key that is present and available.
  std::optional<value_reader> find(std::string_view name) const;

  /// Reports the key itself, where it stands.
  void refuse_key(std::string_view name, std::string message) const;

  std::optional<text> string(std::string_view name) const;

  template <class T>
  bool integer(std::string_view name, T& out, std::int64_t min,
               std::int64_t max) const {
    auto value = find(name);
    return value && store(value->integer(min, max), out);
  }

  bool number(std::string_view name, double& out, double min, double max) const;

  bool boolean(std::string_view name, bool& out) const;

  bool duration(std::string_view name, std::chrono::nanoseconds& out,
                std::chrono::nanoseconds min) const;

  bool size(std::string_view name, std::size_t& out, std::uint64_t min,
            std::uint64_t max) const;

  /// One of several words.
  template <class T, std::size_t N>
  bool one_of(std::string_view name, T& out, const named<T> (&words)[N]) const {
    auto value = find(name);
    return value && store(read_one_of(*value, words), out);
  }

  /// An array of strings; the ones that are wrong are left out.
  /// @returns `nullopt` where the key is absent or no array.
  std::optional<std::vector<text>> strings(std::string_view name) const;

  template <class T, std::size_t N>
  static std::optional<T> read_one_of(const value_reader& value,
                                      const named<T> (&words)[N]) {
    std::vector<std::string> expected;
    for (auto& word : words)
      if (word.value)
        expected.push_back('"' + std::string{word.name} + '"');
    auto found = value.string(listed(expected));
    if (!found)
      return std::nullopt;
    for (auto& word : words)
      if (word.name == found->value) {
        if (!word.value)
          value.refuse(shown(*found) + " is not available yet, expected "
                       + listed(expected));
        return word.value;
      }
    value.refuse(shown(*found) + " is unknown, expected " + listed(expected));
    return std::nullopt;
  }

private:
  template <class From, class To>
  static bool store(const std::optional<From>& from, To& to) {
    if (from)
      to = static_cast<To>(*from);
    return from.has_value();
  }

  void check_keys(std::span<const key_spec> keys);

  value_reader value_;
  /// Null where the value is no table.
  const toml::table* table_;
  /// Present, known and available.
  std::vector<std::string_view> usable_;
  /// What the unknown keys come nearest to.
  std::vector<std::string_view> guesses_;
  bool has_refused_ = false;
};

/// An entry of a table whose keys are of the user's choice.
struct named_value {
  std::string name;
  source_place key_at;
  value_reader value;
};

/// The entries of a table, in the file's order; empty where it is none.
std::vector<named_value> named_values(const value_reader& section,
                                      std::string_view expected);

/// A table that holds a table under each name of the user's choice, as
/// `[websocket.NAME]`: these, in the file's order, keys and places included.
struct named_table {
  std::string name;
  value_reader value;
};
std::vector<named_table> named_tables(const value_reader& section,
                                      std::string_view expected);

/// Adds a table's key to a full key.
std::string join_keys(const std::string& table, std::string_view key);

} // namespace switchboard::config
