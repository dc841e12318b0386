#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <switchboard/options.hpp>

namespace switchboard::config {

/// A string of the file after its `${…}` were replaced.
struct text {
  std::string value;
  source_place at;
  /// The full key it was found under.
  std::string key;
  /// Holds something replaced: no message may repeat it.
  bool secret = false;
};

/// A word in double quotes for a message: control characters escaped, cut
/// after some 60 bytes.
std::string in_quotes(std::string_view word);

/// The value in quotes, or `the value` where it is a secret.
std::string shown(const text& value);

/// A key as TOML writes it: bare where it can be, else in quotes.
std::string shown_key(std::string_view key);

/// `a, b or c`.
std::string listed(const std::vector<std::string>& words);

} // namespace switchboard::config
