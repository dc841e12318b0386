#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <switchboard/large_content.hpp>

namespace switchboard::net {

/// The value of `Switchboard-Signature`: `t=TIME,v1=HEX`, where HEX is the
/// HMAC-SHA256 (RFC 2104) with the secret as key over the bytes
/// `TIME.ID.BODY`: the time in decimal, a full stop, the id, a full stop, the
/// body as it is sent.
/// @param unix_time seconds since 1970.
/// @returns empty where OpenSSL has no memory left.
std::string sign(std::string_view secret, std::int64_t unix_time,
                 std::string_view id, std::string_view body);

/// The same for a body that is not in memory, which is read for it.
/// @param done called once, from another thread or from within the call; gets
///        an empty text where the body cannot be read.
void sign(std::string_view secret, std::int64_t unix_time, std::string_view id,
          std::shared_ptr<const large_content> body,
          std::function<void(std::string&& signature)> done);

} // namespace switchboard::net
