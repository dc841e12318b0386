#include "net/usable_cores.hpp"

#include <algorithm>
#include <fstream>
#include <string_view>
#include <thread>

#include <sched.h>

namespace switchboard::net {

namespace {

/// Of one cgroup; 0: none.
unsigned quota_of(const std::string& folder) {
  // `max 100000` or `150000 100000`: microseconds of each period.
  std::ifstream file{folder + "/cpu.max"};
  unsigned long long quota = 0;
  unsigned long long period = 0;
  if (!(file >> quota >> period) || quota == 0 || period == 0)
    return 0;
  auto cores = (quota + period - 1) / period;
  return static_cast<unsigned>(std::min(cores, 1'000'000ULL));
}

/// Of this process in cgroup v2; empty where there is none.
std::string own_cgroup() {
  std::ifstream file{"/proc/self/cgroup"};
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view unified = "0::";
    if (line.starts_with(unified))
      return line.substr(unified.size());
  }
  return {};
}

unsigned allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails on machines of more than 1,024 cores.
  if (::sched_getaffinity(0, sizeof set, &set) != 0)
    return std::thread::hardware_concurrency();
  return static_cast<unsigned>(CPU_COUNT(&set));
}

} // namespace

unsigned quota_cores(const std::string& root, std::string path) {
  unsigned result = 0;
  for (;;) {
    while (path.ends_with('/'))
      path.pop_back();
    if (auto own = quota_of(root + path); own != 0)
      result = result == 0 ? own : std::min(result, own);
    if (path.empty())
      return result;
    path.resize(path.rfind('/') == path.npos ? 0 : path.rfind('/'));
  }
}

unsigned usable_cores() {
  auto result = std::max(1U, allowed_cores());
  auto quota = quota_cores("/sys/fs/cgroup", own_cgroup());
  return quota == 0 ? result : std::min(result, quota);
}

} // namespace switchboard::net
