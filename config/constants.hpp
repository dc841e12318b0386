#pragma once

#include <string>

#include "config/shown.hpp"

namespace switchboard::config {

// What is wrong with the constant parameters of operations: a message, empty
// for nothing.

std::string check_socket_id(const text& constant);

std::string check_socket_type(const text& constant);

std::string check_close_code(const text& constant);

/// A close frame has room for 123 bytes (RFC 6455 §5.5).
std::string check_reason(const text& constant);

std::string check_group(const text& constant);

std::string check_path(const text& constant);

std::string check_not_empty(const text& constant);

} // namespace switchboard::config
