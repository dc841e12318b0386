#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace switchboard::net {

/// Base64 with padding, without line ends (RFC 4648 §4).
std::string to_base64(std::string_view bytes);

/// @returns nothing where `text` is not exactly what `to_base64` gives.
std::optional<std::string> from_base64(std::string_view text);

/// Base64 for URLs, without padding (RFC 7515 §2).
/// @returns nothing where `text` is not exactly what an encoder gives.
std::optional<std::string> from_base64url(std::string_view text);

} // namespace switchboard::net
