#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/key_values.hpp"

namespace switchboard::config {

/// What happened to a key from one reading of a file to the next.
enum class change_kind : std::uint8_t { added, removed, changed };

/// What a running switchboard does about it.
enum class reload_effect : std::uint8_t {
  /// In force at once.
  applied,
  /// For sockets whose handshake begins from here on, and for new dials.
  applied_to_new_sockets,
  /// Not before the next start: it stays as it was.
  needs_restart,
};

/// `added`, `removed`, `changed`.
std::string_view name_of(change_kind what) noexcept;

/// `applied`, `applied for new sockets`, `needs a restart`.
std::string_view name_of(reload_effect what) noexcept;

/// One key that differs. Never holds a value: it could be a secret.
struct key_change {
  key_path key;
  change_kind kind = change_kind::changed;
  reload_effect effect = reload_effect::applied;
  /// What else is to be known; may be empty.
  std::string_view note = {};
};

/// Compares two readings key by key. A named table, a flow or an outbound
/// socket that is there in one of them only is one change. Every key that
/// differs is in the result: what no rule knows needs a restart.
/// @returns in the order of the keys.
std::vector<key_change> compare(const key_values& before,
                                const key_values& after);

/// What is in force once the changes were made: the new values, and the old
/// ones of what needs a restart, so that the next comparison names it again.
key_values in_force(const key_values& before, const key_values& after,
                    const std::vector<key_change>& changes);

} // namespace switchboard::config
