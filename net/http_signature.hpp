#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace switchboard::net {

/// The value of `Switchboard-Signature`: `t=TIME,v1=HEX`, where HEX is the
/// HMAC-SHA256 (RFC 2104) with the secret as key over the bytes
/// `TIME.ID.BODY`: the time in decimal, a full stop, the id, a full stop, the
/// body as it is sent.
/// @param unix_time seconds since 1970.
/// @returns empty where OpenSSL has no memory left.
std::string sign(std::string_view secret, std::int64_t unix_time,
                 std::string_view id, std::string_view body);

} // namespace switchboard::net
