#pragma once

#include <string>
#include <string_view>

#include <caf/error.hpp>

#include <switchboard/error.hpp>

#include "service/api/http.hpp"

namespace switchboard::service::api {

/// The reason phrase of a status that this API answers with.
std::string_view phrase_of(unsigned status) noexcept;

/// An `application/problem+json` body (RFC 9457) for what HTTP itself says,
/// such as 405: its type is `about:blank`, its title the reason phrase.
answer problem(unsigned status, std::string_view detail);

/// One whose type is the error's name, with the error's status.
answer problem(errc code, std::string_view detail);

/// One for any error that an operation was answered with.
answer problem(const caf::error& what);

} // namespace switchboard::service::api
