#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include <switchboard/options.hpp>

#include "config/diagnostic.hpp"
#include "config/environment.hpp"
#include "config/shown.hpp"

namespace switchboard::config {

/// What all readers of one file share.
struct reading {
  const environment& env;
  /// Where relative paths begin.
  const std::filesystem::path& directory;
  std::vector<diagnostic> found;
  /// Strings that may hold expressions.
  std::vector<text> templates = {};

  void report(source_place at, std::string key, std::string message) {
    found.push_back({at, std::move(key), std::move(message)});
  }

  void refuse(const text& value, std::string message) {
    report(value.at, value.key, std::move(message));
  }
};

source_place place_of(const toml::source_region& region);

/// One value of the file. Each reading member reports what is wrong with the
/// value and answers `nullopt` then; call one of them, once.
class value_reader {
public:
  /// @param key the full key, for messages.
  value_reader(reading& shared, const toml::node& node, std::string key)
      : shared_(&shared), node_(&node), key_(std::move(key)) {
    // nop
  }

  /// The same, reported at another place than the value's.
  value_reader(reading& shared, const toml::node& node, std::string key,
               source_place at)
      : shared_(&shared), node_(&node), key_(std::move(key)), at_(at) {
    // nop
  }

  reading& shared() const noexcept {
    return *shared_;
  }

  const toml::node& node() const noexcept {
    return *node_;
  }

  const std::string& key() const noexcept {
    return key_;
  }

  source_place at() const;

  /// Reports this value.
  void refuse(std::string message) const;

  /// A string, its `${…}` replaced.
  /// @param expected completes the message for another type.
  std::optional<text> string(std::string_view expected = "a string") const;

  /// An integer, or a string whose `${…}` made one.
  std::optional<std::int64_t> integer(std::int64_t min, std::int64_t max) const;

  /// A finite number, or a string whose `${…}` made one.
  std::optional<double> number(double min, double max) const;

  /// A boolean, or a string whose `${…}` made one.
  std::optional<bool> boolean() const;

  std::optional<std::chrono::nanoseconds>
  duration(std::chrono::nanoseconds min) const;

  /// In bytes.
  std::optional<std::uint64_t> size(std::uint64_t min, std::uint64_t max) const;

  /// The elements of an array.
  std::optional<std::vector<value_reader>>
  array(std::string_view expected) const;

  const toml::table* table(std::string_view expected) const;

private:
  /// The text of a string that had something replaced and stands where
  /// another type belongs; reports any other node.
  std::optional<text> replaced_string(const std::string& expected) const;

  void refuse_type(std::string_view expected) const;

  reading* shared_;
  const toml::node* node_;
  std::string key_;
  std::optional<source_place> at_;
};

} // namespace switchboard::config
