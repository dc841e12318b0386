#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <switchboard/attributes.hpp>
#include <switchboard/options.hpp>

namespace switchboard::service {

/// `trace`, `debug`, `info`, `warn`, `error`, `off`.
std::string_view name_of(log_level level) noexcept;

/// The text with control characters and bytes that are not UTF-8 escaped, so
/// that it cannot begin a line or steer a terminal.
std::string to_printable(std::string_view text);

/// One line of a log, without its end.
struct log_line {
  /// Since the Unix epoch, in nanoseconds.
  std::int64_t time = 0;
  log_level level = log_level::info;
  report_part part = report_part::service;
  std::string_view text;
  const string_pairs& fields;
};

/// `2026-01-01T00:00:00.000Z info  text name=value other="a value" part=flow`.
/// Control characters and bytes that are not UTF-8 are escaped: whatever a peer
/// sent, it cannot begin a line or steer a terminal.
std::string to_text_line(const log_line& line);

/// The same as one JSON object, the fields beside `time`, `level`, `part` and
/// `message`; a field of one of these names gets a `_` behind it.
std::string to_json_line(const log_line& line);

} // namespace switchboard::service
