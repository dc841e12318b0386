#pragma once

#include <string>
#include <string_view>

namespace switchboard::bench {

/// A payload as permessage-deflate sends it (RFC 7692 §7.2.1). It refers to
/// nothing before it, so that it may be sent any number of times, with or
/// without context takeover.
std::string deflated(std::string_view text);

/// The reverse, for the first message of a connection. Throws `failure`.
std::string inflated(std::string_view bytes);

} // namespace switchboard::bench
