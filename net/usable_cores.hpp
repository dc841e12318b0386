#pragma once

#include <string>

namespace switchboard::net {

/// How many cores the threads of this process may keep busy: those it may run
/// on (sched_getaffinity(2)), and no more than the quota of its cgroup allows
/// (`cpu.max` of cgroup v2, rounded up), as a container's limit sets it. At
/// least 1.
unsigned usable_cores();

/// The same quota, for tests.
/// @param root where cgroups are mounted, as in `/sys/fs/cgroup`.
/// @param path of the cgroup below it, as in `/system.slice/x.service`; what
///        lies above has its quota as well.
/// @returns 0: there is none.
unsigned quota_cores(const std::string& root, std::string path);

} // namespace switchboard::net
