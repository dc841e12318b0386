#pragma once

#include <optional>
#include <string_view>

#include <switchboard/attributes.hpp>

namespace switchboard::actors {

/// The `traceparent` of an inbound socket's handshake, a view into it; the
/// headers of an outbound one are our own.
/// @returns `nullopt` where there is none, several, or a malformed one.
std::optional<std::string_view>
traceparent_of(const handshake_attributes& known) noexcept;

} // namespace switchboard::actors
