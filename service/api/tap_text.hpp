#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include <switchboard/tap.hpp>

namespace switchboard::service::api {

/// What a tap tells, as one JSON object. Neither query nor headers of the
/// handshake are in it, which may hold credentials.
/// @param payload whether the payloads of messages are told.
boost::json::object to_json(const tap_event& what, bool payload);

/// What it left out, at a time.
boost::json::object to_json(const tap_losses& what, caf::timestamp time);

/// Why nothing more comes.
boost::json::object to_json(const tap_end& what, caf::timestamp time);

/// A server-sent event (HTML Living Standard §9.2) of one line of data.
std::string to_sse(std::uint64_t id, std::string_view event,
                   const boost::json::object& data);

} // namespace switchboard::service::api
