#pragma once

#include <string>

#include <boost/system/error_code.hpp>

namespace switchboard::net {

/// OpenSSL's errors: their values are its packed codes.
const boost::system::error_category& tls_category() noexcept;

/// The oldest error of this thread that OpenSSL has not told yet; forgets all
/// of them.
boost::system::error_code take_tls_error() noexcept;

/// The same in words: "unknown error" where there is none.
std::string last_tls_error();

/// The peer ended TCP and had not said that it would.
boost::system::error_code tls_truncated() noexcept;

} // namespace switchboard::net
