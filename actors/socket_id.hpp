#pragma once

#include <string>
#include <string_view>

namespace switchboard::actors {

/// A fresh socket id: a random UUID (RFC 9562 §5.4), which nobody can guess.
/// Any thread.
std::string make_socket_id();

/// Why a caller's id cannot be used; empty where it can: 1 to 128 bytes of
/// printable ASCII without `/`.
std::string_view judge_socket_id(std::string_view id) noexcept;

} // namespace switchboard::actors
