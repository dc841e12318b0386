#pragma once

#include <string>
#include <string_view>

#include <caf/all.hpp>

#include "flows/program.hpp"
#include "flows/scope.hpp"
#include "net/handshake.hpp"

namespace switchboard::flows {

/// What tells one event from all others. Every request and every retry for an
/// event carries the same.
struct event_identity {
  /// Made up when it is first asked for.
  std::string id;
  /// When the event came.
  caf::timestamp time;
};

/// An id that no other event of any process has. Any thread.
std::string make_event_id();

/// Adds the attributes of CloudEvents 1.0 as headers (binary content mode of
/// its HTTP protocol binding): `ce-specversion ce-id ce-source ce-type
/// ce-time`, of an event with a socket `ce-subject` (its id), `ce-config`,
/// `ce-path` and `ce-groups` too.
void add_event_headers(net::header_list& out, const event_identity& event,
                       const flow& root, const scope& in);

/// Percent-encodes an attribute for its header: blanks, `"`, `%` and what is
/// no printable ASCII (CloudEvents' HTTP protocol binding §3.1.3.2).
std::string encode_event_value(std::string_view text);

/// Percent-encodes everything but the unreserved characters of RFC 3986 §2.3.
std::string encode_name(std::string_view text);

/// Undoes percent-encoding; a `%` without two digits stays.
std::string decode_name(std::string_view text);

} // namespace switchboard::flows
