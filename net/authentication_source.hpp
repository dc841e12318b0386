#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/authenticator.hpp"
#include "net/file_stamp.hpp"

namespace switchboard::net {

/// The newest authenticator of one listener: each handshake takes it from
/// here. Any thread.
class authentication_source {
public:
  /// Reads the files that the options name.
  /// @param problem as in `authenticator::make`.
  static std::shared_ptr<authentication_source>
  make(const listener_authentication& options, std::string& problem);

  const listener_authentication& options() const noexcept {
    return options_;
  }

  std::shared_ptr<const authenticator> current() const;

  /// Reads the files again.
  /// @returns false, with one sentence in `problem`, where they cannot be
  ///          used; what is in force stays.
  bool renew(std::string& problem);

  /// Takes what another one of the same options has read.
  void use(const authentication_source& other);

  /// What the files look like now.
  std::vector<file_stamp> stamps() const;

  /// What they looked like before they were read last, usable or not.
  std::vector<file_stamp> stamps_read() const;

private:
  explicit authentication_source(const listener_authentication& options)
      : options_(options) {}

  const listener_authentication options_;
  mutable std::mutex mutex_;
  // Guarded by `mutex_`.
  std::shared_ptr<const authenticator> current_;
  std::vector<file_stamp> read_;
};

} // namespace switchboard::net
