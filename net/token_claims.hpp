#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace switchboard::net {

/// The most groups that a token may name.
inline constexpr std::size_t most_token_groups = 1000;

/// The most bytes of a group's name.
inline constexpr std::size_t longest_group_name = 256;

/// Whether a claim is a text, a list with that text in it, or a text of which
/// it is one of the words, as `scope` is (RFC 8693 §4.2).
bool claim_has(const boost::json::object& claims, std::string_view name,
               std::string_view text);

/// Reads groups from a claim: a text or a list of texts; a claim that is not
/// there is none.
/// @param out receives each of them once.
/// @returns false where the claim is something else, or one of them is no
///          group's name.
bool read_groups(const boost::json::object& claims, std::string_view name,
                 std::vector<std::string>& out);

} // namespace switchboard::net
