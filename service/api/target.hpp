#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <switchboard/attributes.hpp>

namespace switchboard::service::api {

/// A request target (RFC 9112 §3.2), still encoded.
struct target {
  std::string_view path;
  std::string_view query;
};

/// Reads a target in origin form or absolute form.
/// @returns `nullopt` for the other forms and for what is no target.
std::optional<target> parse_target(std::string_view text) noexcept;

/// Decodes `%XX`.
/// @returns `nullopt` where a `%` starts no escape.
std::optional<std::string> decode_strictly(std::string_view text,
                                           bool plus_is_space);

/// Reads `name=value&…`, `+` for a space; empty pieces are passed over.
/// @returns `nullopt` for a wrong escape and for what is not UTF-8.
std::optional<string_pairs> parse_query(std::string_view text);

} // namespace switchboard::service::api
