#include "bench/load/processes.hpp"

#include <fstream>
#include <sstream>
#include <string>

#include <unistd.h>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

std::string path_of(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + '/' + file;
}

} // namespace

std::vector<pid_t> family_of(pid_t first) {
  std::vector<pid_t> result{first};
  for (std::size_t i = 0; i < result.size(); ++i) {
    auto own = std::to_string(result[i]);
    std::ifstream children{"/proc/" + own + "/task/" + own + "/children"};
    for (pid_t child = 0; children >> child;)
      result.push_back(child);
  }
  return result;
}

std::uint64_t resident_bytes(pid_t first) {
  std::uint64_t result = 0;
  for (auto pid : family_of(first)) {
    std::ifstream status{path_of(pid, "status")};
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmRSS:"))
        result += std::stoull(line.substr(6)) * 1024;
    }
  }
  if (result == 0)
    throw failure{"no memory of process " + std::to_string(first)
                  + " to be read"};
  return result;
}

std::chrono::nanoseconds cpu_time(pid_t first) {
  std::uint64_t ticks = 0;
  for (auto pid : family_of(first)) {
    std::ifstream file{path_of(pid, "stat")};
    std::string line{std::istreambuf_iterator<char>{file}, {}};
    // The name in brackets may hold spaces; utime is the 12th field after it.
    auto end = line.rfind(')');
    if (end == std::string::npos)
      continue;
    std::istringstream fields{line.substr(end + 1)};
    std::string skipped;
    for (int i = 0; i < 11; ++i)
      fields >> skipped;
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    fields >> user >> system;
    ticks += user + system;
  }
  return std::chrono::nanoseconds{
      ticks * 1'000'000'000U
      / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK))};
}

} // namespace switchboard::bench
