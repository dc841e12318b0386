#pragma once

#include <optional>

#include <switchboard/revocation_options.hpp>

#include "config/value_reader.hpp"

namespace switchboard::config {

/// Reads `revocation_check`.
/// @param has_trust_store whether certificates stand beside it that a
///        `cert_alias` can name.
std::optional<revocation_options>
read_revocation_check(const value_reader& value, bool has_trust_store);

} // namespace switchboard::config
