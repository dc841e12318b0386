#include "service/log_levels.hpp"

#include <string>

#include "service/log_line.hpp"

namespace switchboard::service {

log_levels apply(const log_level_changes& what, log_levels to) {
  if (what.level)
    to.level = *what.level;
  for (auto& [part, level] : what.parts)
    to.parts[index_of(part)] = level;
  return to;
}

void adjust(report_filter& filter, const log_levels& to) noexcept {
  for (std::size_t i = 0; i < report_parts; ++i) {
    auto part = static_cast<report_part>(i);
    if (auto least = severity_of(to.of(part)))
      filter.want(part, *least);
    else
      filter.want_none(part);
  }
}

std::optional<report::severity> severity_of(log_level level) noexcept {
  switch (level) {
    case log_level::trace:
    case log_level::debug:
      return report::severity::debug;
    case log_level::info:
      return report::severity::info;
    case log_level::warn:
      return report::severity::warning;
    case log_level::error:
      return report::severity::error;
    default:
      return std::nullopt;
  }
}

string_pairs to_fields(const log_levels& what) {
  string_pairs result{{"level", std::string{name_of(what.level)}}};
  for (std::size_t i = 0; i < report_parts; ++i)
    if (auto& level = what.parts[i])
      result.emplace_back(report_part_names[i], name_of(*level));
  return result;
}

} // namespace switchboard::service
