#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/shown.hpp"

namespace switchboard::config {

/// What is wrong with the path of an outbound socket, in which `{name}` stands
/// for a uri parameter: completes a message that begins with it. Empty where
/// nothing is.
std::string check_outbound_path(const text& path);

/// The same for its URL: `ws://` or `wss://`, without user, password and
/// fragment; `{name}` stands behind the host only. Never repeats the URL,
/// which may hold a secret.
std::string check_outbound_url(const text& url);

/// The `{name}` of a path or URL that is right, each once.
std::vector<std::string> uri_param_names(std::string_view text);

} // namespace switchboard::config
