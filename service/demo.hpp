#pragma once

#include <string>
#include <string_view>

#include "config/load.hpp"

namespace switchboard::service {

/// The name of the listener that serves the demonstration's pages.
inline constexpr std::string_view demo_listener = "demo";

/// The configuration of the built-in demonstration, with its pages.
config::load_result load_demo();

/// What to look at and what to try.
/// @param pages `host:port` of the pages.
/// @param api `host:port` of the management API.
std::string demo_greeting(std::string_view pages, std::string_view api);

} // namespace switchboard::service
