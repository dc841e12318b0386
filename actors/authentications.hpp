#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

#include "actors/file_watch.hpp"
#include "net/authentication_source.hpp"

namespace switchboard::actors {

/// Whom the listeners of an instance let in, by their names, and what keeps
/// that up to date with its files. Any thread.
class authentications final : private file_keeper {
public:
  using source_ptr = std::shared_ptr<net::authentication_source>;

  explicit authentications(report_function report)
      : report_(std::move(report)) {}

  /// Ends the watch.
  ~authentications();

  /// By listener.
  using source_map = std::map<std::string, source_ptr>;

  /// Reads all files of the options' listeners. Changes nothing.
  /// @returns INVALID_ARGUMENT where one cannot be used: names listener, file
  ///          and cause.
  static caf::expected<source_map> make(const switchboard_options& options);

  /// Takes what was made of other options.
  void take(source_map next);

  /// Null where the listener lets anybody in.
  std::shared_ptr<const net::authentication_source>
  of(const std::string& listener) const;

  /// Begins to look after the files where there are any.
  void watch();

  /// Has everything read again, where it is watched.
  void renew_all();

  /// Looks no more.
  void stop();

  /// Reads again what has changed and is at rest.
  void look(std::chrono::system_clock::time_point now) override;

  /// Reads everything again.
  void renew() override;

private:
  struct entry {
    source_ptr source;
    /// What a change looked like that was not at rest yet: a file may be in
    /// the middle of being written.
    std::optional<std::vector<net::file_stamp>> changing;
  };

  /// A copy, so that files are read without the lock.
  source_map sources() const;
  void read(const std::string& listener, net::authentication_source& source);

  report_function report_;
  mutable std::mutex mutex_;
  // Guarded by `mutex_`.
  std::map<std::string, entry> entries_;
  std::unique_ptr<file_watch> watch_;
  bool stopped_ = false;
};

} // namespace switchboard::actors
