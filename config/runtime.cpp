#include "config/sections.hpp"

namespace switchboard::config {

namespace {

constexpr key_spec keys[] = {
    {"shards"},
    {"io", presence::later},
    {"drain_timeout", presence::later},
    {"temporary_directory", presence::later},
};

/// Threads beyond this many are a slip of the finger.
constexpr std::int64_t max_shards = 1024;

} // namespace

void read_runtime(const value_reader& section, draft& out) {
  table_reader table{section, keys};
  table.integer("shards", out.value.switchboard.runtime.shards, 1, max_shards);
}

} // namespace switchboard::config
