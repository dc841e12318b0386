#pragma once

#include <string_view>

#include <boost/json.hpp>

#include <switchboard/messages.hpp>

#include "service/api/http.hpp"

namespace switchboard::service::api {

/// A socket with its attributes and counters. Values of headers that carry
/// credentials read `[redacted]`; bytes that are not UTF-8 read U+FFFD.
boost::json::object to_json(const socket_info& socket);

/// A socket that is gone, with how it ended.
boost::json::object to_json(const post_mortem& what);

boost::json::object to_json(const broadcast_failure& failure);
boost::json::object to_json(const group_info& group);
boost::json::object to_json(const config_info& config);

/// An object of the names; a repeated name has an array of its values.
boost::json::object to_json(const string_pairs& pairs);

/// An answer with this body.
answer json_answer(unsigned status, const boost::json::value& body);

} // namespace switchboard::service::api
