#pragma once

#include <cstddef>

#include <sys/types.h>

#include "bench/load/dialect.hpp"

namespace switchboard::bench {

struct idle_options {
  /// Sockets before the first look and after the second; what they have grown
  /// by is divided, so that what a server takes in any case falls out.
  std::size_t base = 500;
  std::size_t connections = 5000;
  /// The server's process; its descendants are counted too.
  pid_t server = 0;
};

struct idle_result {
  double bytes_per_socket = 0;
  std::uint64_t resident_bytes_before = 0;
  std::uint64_t resident_bytes_after = 0;
};

/// Opens sockets that do nothing and looks at the server's memory.
idle_result measure_idle(const wire& shared, const idle_options& options);

} // namespace switchboard::bench
