#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

#include "service/metrics/families.hpp"

namespace switchboard::service::metrics {

namespace {

/// What /proc/self/stat says (proc(5)).
struct process_state {
  double user_ticks = 0;
  double system_ticks = 0;
  double threads = 0;
  /// Since the machine was started.
  double start_ticks = 0;
  double virtual_bytes = 0;
  double resident_pages = 0;
};

process_state read_state() {
  std::ifstream file{"/proc/self/stat"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  process_state result;
  // The name in parentheses may hold anything.
  auto behind = text.rfind(')');
  if (behind == std::string::npos)
    return result;
  std::istringstream fields{text.substr(behind + 1)};
  std::string field;
  // The next field is the third.
  for (auto number = 3; fields >> field; ++number) {
    auto value = number == 3 ? 0.0 : std::strtod(field.c_str(), nullptr);
    switch (number) {
      case 14:
        result.user_ticks = value;
        break;
      case 15:
        result.system_ticks = value;
        break;
      case 20:
        result.threads = value;
        break;
      case 22:
        result.start_ticks = value;
        break;
      case 23:
        result.virtual_bytes = value;
        break;
      case 24:
        result.resident_pages = value;
        break;
      default:
        break;
    }
  }
  return result;
}

double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec)
         + static_cast<double>(now.tv_nsec) / 1e9;
}

/// When the machine was started, since the Unix epoch. By clocks: of /proc a
/// hardened service may see no more than itself.
double boot_time() {
  return seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME);
}

double open_descriptors() {
  std::error_code failure;
  std::filesystem::directory_iterator all{"/proc/self/fd", failure};
  // The one that lists them is among them.
  return failure ? 0
                 : static_cast<double>(std::distance(
                       begin(all), std::filesystem::directory_iterator{}))
                       - 1;
}

} // namespace

void add_process(families& to) {
  static const auto booted = boot_time();
  auto state = read_state();
  auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  to.counter("process_cpu_seconds_total", "Processor time, user and system.",
             (state.user_ticks + state.system_ticks) / ticks);
  to.gauge("process_resident_memory_bytes", "Memory in use.",
           state.resident_pages * page);
  to.gauge("process_virtual_memory_bytes", "Address space in use.",
           state.virtual_bytes);
  to.gauge("process_threads", "Threads.", state.threads);
  to.gauge("process_open_fds", "File descriptors in use.", open_descriptors());
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    to.gauge("process_max_fds", "File descriptors that may be in use.",
             static_cast<double>(limit.rlim_cur));
  to.gauge("process_start_time_seconds", "Start, since the Unix epoch.",
           booted + state.start_ticks / ticks);
}

} // namespace switchboard::service::metrics
