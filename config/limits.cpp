#include <limits>

#include "config/sections.hpp"

namespace switchboard::config {

namespace {

constexpr key_spec keys[] = {
    {"memory"},
    {"groups"},
};

/// Less than a socket with a message or two would need.
constexpr std::uint64_t least_memory = 1024 * 1024;

} // namespace

void read_limits(const value_reader& section, draft& out) {
  table_reader table{section, keys};
  auto& limits = out.value.switchboard.limits;
  table.size("memory", limits.memory, least_memory,
             std::numeric_limits<std::uint64_t>::max());
  table.integer("groups", limits.groups, 1,
                std::numeric_limits<std::int64_t>::max());
}

} // namespace switchboard::config
