#include "net/close_status.hpp"

#include <algorithm>
#include <cstring>

namespace switchboard::net {

close_code read_close_status(std::span<const std::byte> payload,
                             close_status& out) {
  out = {};
  if (payload.empty())
    return 0;
  if (payload.size() == 1)
    return close_codes::protocol_error;
  auto code = static_cast<close_code>(std::to_integer<unsigned>(payload[0]) << 8
                                      | std::to_integer<unsigned>(payload[1]));
  if (!is_sendable(code))
    return close_codes::protocol_error;
  auto reason = payload.subspan(2);
  if (!is_utf8(reason))
    return close_codes::invalid_data;
  out.code = code;
  out.reason.assign(reinterpret_cast<const char*>(reason.data()),
                    reason.size());
  return 0;
}

std::size_t write_close_status(std::span<std::byte, max_control_payload> out,
                               close_code code,
                               std::string_view reason) noexcept {
  if (!is_sendable(code))
    return 0;
  out[0] = static_cast<std::byte>(code >> 8);
  out[1] = static_cast<std::byte>(code);
  auto bytes = std::as_bytes(std::span{reason})
                   .first(std::min(reason.size(), max_control_payload - 2));
  // A reason that is not UTF-8 would make the peer answer with an error of
  // its own: what is valid up to there is sent.
  std::size_t whole = 0;
  utf8_checker checker;
  for (std::size_t i = 0; i < bytes.size() && checker.feed(bytes.subspan(i, 1));
       ++i)
    if (checker.complete())
      whole = i + 1;
  std::memcpy(&out[2], bytes.data(), whole);
  return whole + 2;
}

} // namespace switchboard::net
