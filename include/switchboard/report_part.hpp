#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace switchboard {

/// What a report is about. Each part may have a log level of its own.
enum class report_part : std::uint8_t {
  /// The process: start, stop, signals, the drain, the log itself.
  service,
  /// Listeners, and handshakes they refused.
  listener,
  /// Begin and end of each socket.
  socket,
  /// Dials, losses and reconnections of outbound sockets.
  outbound,
  /// Flows: failures, retries, `log` steps, handlers.
  flow,
  /// Certificates and keys.
  tls,
  /// Limits that were reached.
  limit,
  /// The management API, and each request to it.
  admin,
  /// Reloads of the configuration file.
  reload,
};

/// The names of all parts, in their order.
inline constexpr std::array<std::string_view, 9> report_part_names{
    "service", "listener", "socket", "outbound", "flow",
    "tls",     "limit",    "admin",  "reload",
};

inline constexpr std::size_t report_parts = report_part_names.size();

constexpr std::size_t index_of(report_part part) noexcept {
  return static_cast<std::size_t>(part);
}

constexpr std::string_view name_of(report_part part) noexcept {
  return report_part_names[index_of(part)];
}

} // namespace switchboard
