#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <switchboard/options.hpp>
#include <switchboard/switchboard.hpp>

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

  /// Writes a line where its level is asked for.
  void write(log_level level, std::string_view text,
             const string_pairs& fields = {});

  void flush();

  log_level level() const noexcept;
  void set_level(log_level level) noexcept;

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
