#pragma once

#include <string_view>

namespace switchboard::config {

/// Whether a text can be an IP address or a host name.
bool is_host(std::string_view text);

/// Whether only this machine reaches a host: `localhost`, 127.0.0.0/8, `::1`.
bool is_loopback(std::string_view host);

/// Whether a text is an IP address, with or without a `/` and the length of
/// its prefix.
bool is_address_or_cidr(std::string_view text);

/// Whether an Origin header (RFC 6454 §7) can match a pattern in which `*`
/// stands for any run of characters.
bool is_origin_pattern(std::string_view text);

/// Whether a text is a token (RFC 9110 §5.6.2), as a subprotocol is.
bool is_token(std::string_view text);

/// Whether a text is `type/subtype`, with or without parameters.
bool is_mime_type(std::string_view text);

} // namespace switchboard::config
