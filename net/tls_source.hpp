#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <switchboard/tls_options.hpp>

#include "net/dial.hpp"
#include "net/file_stamp.hpp"
#include "net/tls_context.hpp"

namespace switchboard::net {

/// The newest context of one purpose: whoever shakes hands takes it from here,
/// and a connection stays with the one it has taken. Any thread.
class tls_source {
public:
  /// Reads the stores that the options name; see `tls_context::make`.
  static std::shared_ptr<tls_source> make(role self, const tls_options& options,
                                          std::string& problem);

  tls_options options() const;

  std::shared_ptr<const tls_context> current() const;

  /// Begins what goes on beside the connections; see `tls_context::start`.
  void start();

  /// Reads the stores again.
  /// @returns false, with one sentence in `problem`, where they cannot be
  ///          used; the context stays what it was.
  bool renew(std::string& problem);

  /// Reads the stores that other options name, which count from here on.
  /// @returns as `renew`; then the options stay what they were, too.
  bool renew(const tls_options& options, std::string& problem);

  /// What the files of the stores look like now.
  std::vector<file_stamp> stamps() const;

  /// What they looked like before they were read last, usable or not.
  std::vector<file_stamp> stamps_read() const;

private:
  tls_source(role self, const tls_options& options);

  const role self_;
  mutable std::mutex mutex_;
  // Guarded by `mutex_`.
  tls_options options_;
  std::shared_ptr<const tls_context> context_;
  std::vector<file_stamp> read_;
  bool started_ = false;
};

/// Makes clients' wires for a dial, each with the newest context.
make_secure_wire make_client_wire(std::shared_ptr<const tls_source> source);

} // namespace switchboard::net
