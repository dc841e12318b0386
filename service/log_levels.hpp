#pragma once

#include <optional>
#include <utility>
#include <vector>

#include <switchboard/options.hpp>
#include <switchboard/report.hpp>

namespace switchboard::service {

/// How much the log says: one level, and those of parts that have their own.
struct log_levels {
  log_level level = log_level::info;
  part_levels parts{};

  log_level of(report_part part) const noexcept {
    return parts[index_of(part)].value_or(level);
  }
};

/// What of that is to change; all else stays.
struct log_level_changes {
  std::optional<log_level> level;
  /// Unset: the part has none of its own any more.
  std::vector<std::pair<report_part, std::optional<log_level>>> parts;
};

log_levels apply(const log_level_changes& what, log_levels to);

/// Makes a filter want what the levels ask for.
void adjust(report_filter& filter, const log_levels& to) noexcept;

/// The severity of a line; none for `off`, which is no level of a line.
std::optional<report::severity> severity_of(log_level level) noexcept;

/// `level=info` and the parts' own, as `tls=debug`.
string_pairs to_fields(const log_levels& what);

} // namespace switchboard::service
