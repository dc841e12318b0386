#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace switchboard::flows {

/// Appends a number as people write it: without a fraction where it has none
/// and is below 2^53, else the shortest text that reads back the same.
void append_number(std::string& out, double number);

/// Appends JSON without white space, members in the order they stand in. What
/// JSON cannot say (infinity, not a number) becomes `null`.
void append_json(std::string& out, const boost::json::value& x);

/// Whether bytes are UTF-8: no surrogates, no overlong forms, at most U+10FFFF
/// (RFC 3629).
bool is_utf8(std::string_view bytes) noexcept;

} // namespace switchboard::flows
