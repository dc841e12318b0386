#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <switchboard/options.hpp>
#include <switchboard/report.hpp>

#include "service/log_levels.hpp"

namespace switchboard::service {

/// Where the service's lines go: standard error or a file, as text or JSON.
/// May be used from any thread.
class log {
public:
  /// @param problem set to why the file cannot be opened where the answer is
  ///        null.
  static std::shared_ptr<log> open(const log_options& options,
                                   std::string& problem);

  ~log();

  /// Writes a line where the level of its part asks for it.
  void write(log_level level, std::string_view text,
             const string_pairs& fields = {},
             report_part part = report_part::service);

  void flush();

  /// Lines that were not written because they repeat others.
  std::uint64_t left_out() const noexcept;

  log_levels levels() const;

  /// @returns the levels from now on.
  log_levels change_levels(const log_level_changes& what);

  /// What is written; changes with the levels.
  std::shared_ptr<const report_filter> filter() const noexcept;

  /// Takes other options; a file that is the same is opened again.
  /// @returns whether it could be opened; if not, nothing has changed and
  ///          `problem` says why.
  bool change(const log_options& options, std::string& problem);

  /// Opens the file again, which somebody may have moved away. Where that
  /// fails, lines go where they went and a warning says so.
  void reopen();

private:
  struct impl;
  explicit log(std::unique_ptr<impl> ptr);

  std::unique_ptr<impl> impl_;
};

/// Writes reports to a log.
report_function reporter(std::shared_ptr<log> to);

} // namespace switchboard::service
