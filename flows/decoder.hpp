#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace switchboard::flows {

/// Whether `decode` knows an encoding by this name.
bool is_encoding(const std::string& name);

/// Turns text of any encoding into UTF-8.
/// @param encoding by a name that ICU knows.
/// @param problem receives a clause with the offset of the first byte that
///        does not fit, where the result is `nullopt`.
std::optional<std::string> decode(std::string_view bytes,
                                  const std::string& encoding,
                                  std::string& problem);

} // namespace switchboard::flows
