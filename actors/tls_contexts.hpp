#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

#include "actors/tls_keeper.hpp"
#include "actors/file_watch.hpp"
#include "net/dial.hpp"
#include "net/tls_source.hpp"

namespace switchboard::actors {

/// The TLS contexts that an instance's listeners and clients use, by the
/// names of their options, and what keeps them up to date. Any thread.
class tls_contexts {
public:
  /// Reads every store that is used; warns of what is insecure.
  /// @returns INVALID_ARGUMENT where a name leads nowhere or a store cannot
  ///          be used: names options, file and cause.
  static caf::expected<std::unique_ptr<tls_contexts>>
  make(const switchboard_options& options, const report_function& report);

  /// Null for an empty name: plain HTTP.
  std::shared_ptr<const net::tls_source> server(const std::string& name) const;

  /// What `net::dial_options` of a configuration's client takes.
  /// @param name of `client_options::tls`; empty: OpenSSL's defaults and the
  ///        system's trust store.
  net::make_secure_wire client(const std::string& name) const;

  /// A context that may not be in use yet.
  /// @returns INVALID_ARGUMENT as `make`.
  caf::expected<std::shared_ptr<const net::tls_source>>
  take(net::role self, const std::string& name);

  /// Takes other options: reads the stores of those that differ, and of what
  /// is used from now on.
  /// @returns INVALID_ARGUMENT as `make`; everything is as before then.
  caf::error change(const switchboard_options& options);

  /// Begins to look after files and expiry where there are any.
  void watch();

  /// Looks no more.
  void stop();

  /// Has everything read again, where it is watched.
  void renew();

  std::map<std::string, std::chrono::seconds> expiry() const;

private:
  using sources = std::map<std::string, std::shared_ptr<net::tls_source>>;

  tls_contexts(const switchboard_options& options, report_function report);

  caf::error add(sources& to, net::role self, const std::string& name);

  caf::error add_used(const switchboard_options& options);

  mutable std::mutex mutex_;
  // Guarded by `mutex_`.
  std::vector<tls_options> options_;
  sources servers_;
  sources clients_;
  tls_keeper keeper_;
  std::unique_ptr<file_watch> watch_;
  bool stopped_ = false;
};

} // namespace switchboard::actors
