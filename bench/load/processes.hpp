#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include <sys/types.h>

namespace switchboard::bench {

/// A process and all that descend from it, as servers have workers.
std::vector<pid_t> family_of(pid_t first);

/// Memory that a family of processes has resident, in bytes; pages that
/// processes share are counted for each.
std::uint64_t resident_bytes(pid_t first);

/// Processor time that a family of processes has used, to 10 ms.
std::chrono::nanoseconds cpu_time(pid_t first);

} // namespace switchboard::bench
