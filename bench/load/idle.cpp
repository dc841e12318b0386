#include "bench/load/idle.hpp"

#include "bench/load/failure.hpp"
#include "bench/load/fleet.hpp"
#include "bench/load/processes.hpp"

namespace switchboard::bench {

namespace {

/// Memory once it has stood still for a tenth of a second, within two.
std::uint64_t settled_bytes(fleet& connections, pid_t server) {
  auto last = resident_bytes(server);
  for (int i = 0; i < 20; ++i) {
    auto until = now_ns() + 100'000'000U;
    while (now_ns() < until)
      connections.turn(10, [](client&, std::size_t) {});
    auto now = resident_bytes(server);
    if (now == last)
      break;
    last = now;
  }
  return last;
}

} // namespace

idle_result measure_idle(const wire& shared, const idle_options& options) {
  if (options.connections <= options.base)
    throw failure{"idle needs more connections than its base"};
  fleet connections;
  connections.add(options.base, shared);
  connections.open();
  idle_result result;
  result.resident_bytes_before = settled_bytes(connections, options.server);
  connections.add(options.connections - options.base, shared);
  connections.open();
  result.resident_bytes_after = settled_bytes(connections, options.server);
  result.bytes_per_socket = (double(result.resident_bytes_after)
                             - double(result.resident_bytes_before))
                            / double(options.connections - options.base);
  return result;
}

} // namespace switchboard::bench
