#pragma once

#include <map>
#include <memory>
#include <string>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

#include "net/dial.hpp"
#include "net/tls_context.hpp"

namespace switchboard::actors {

/// The TLS contexts that an instance's listeners and clients use, by the
/// names of their options. Any thread once made.
class tls_contexts {
public:
  /// Reads every store that is used; warns of what is insecure.
  /// @returns INVALID_ARGUMENT where a name leads nowhere or a store cannot
  ///          be used: names options, file and cause.
  static caf::expected<tls_contexts> make(const switchboard_options& options,
                                          const report_function& report);

  /// Null for an empty name: plain HTTP.
  std::shared_ptr<const net::tls_context> server(const std::string& name) const;

  /// What `net::dial_options` of a configuration's client takes.
  /// @param name of `client_options::tls`; empty: OpenSSL's defaults and the
  ///        system's trust store.
  net::make_secure_wire client(const std::string& name) const;

private:
  using contexts =
      std::map<std::string, std::shared_ptr<const net::tls_context>>;

  caf::error add(contexts& to, net::role self, const std::string& name,
                 const switchboard_options& options);

  contexts servers_;
  contexts clients_;
};

} // namespace switchboard::actors
