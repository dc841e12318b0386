#include "config/sections.hpp"

namespace switchboard::config {

namespace {

constexpr key_spec keys[] = {
    {"shards"},
    {"io"},
    {"drain_timeout", presence::later},
    {"temporary_directory", presence::later},
};

constexpr named<io_method> methods[] = {
    {"auto", io_method::automatic},
    {"epoll", io_method::epoll},
    {"io_uring", io_method::io_uring},
};

/// Threads beyond this many are a slip of the finger.
constexpr std::int64_t max_shards = 1024;

} // namespace

void read_runtime(const value_reader& section, draft& out) {
  table_reader table{section, keys};
  table.integer("shards", out.value.switchboard.runtime.shards, 1, max_shards);
  table.one_of("io", out.value.switchboard.runtime.io, methods);
}

} // namespace switchboard::config
