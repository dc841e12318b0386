#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>

#include <switchboard/attributes.hpp>

#include "flows/value.hpp"

namespace switchboard::flows {

/// One field of spec §5 by its name in expressions, as in `remote_address`;
/// nil for a name that is none and where there is no socket.
value attribute_of(const socket_attributes& attributes, std::string_view name);

/// One entry of `headers`, `query_params`, `uri_params`, `client_certificate`
/// or `claims` without building the whole of them: a string, for a repeated
/// name a list, of claims whatever it is, else nil.
/// @returns `nullopt` where `table` is none of these, or there is no socket,
///          no certificate or no token.
std::optional<value> attribute_entry(const socket_attributes& attributes,
                                     std::string_view table,
                                     std::string_view name);

/// All fields as an object; empty where there is no socket.
boost::json::object attributes_object(const socket_attributes& attributes);

/// A time as in RFC 3339, UTC, to the millisecond.
std::string render_time(caf::timestamp at);

} // namespace switchboard::flows
