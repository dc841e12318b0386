#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/flow_options.hpp>
#include <switchboard/switchboard.hpp>

#include "flows/program.hpp"
#include "net/http_call.hpp"

namespace switchboard::flows {

/// What `http_request` finds by name.
struct backend_options {
  /// Gives what `instance::client_tls` does. Unset: there is none by name.
  std::function<caf::expected<std::shared_ptr<const net::tls_source>>(
      const std::string& name)>
      tls;
  std::vector<proxy_options> proxies;
};

/// The ways to the backends of a program; steps that agree on one share its
/// connections. Any thread once made.
class backend_routes {
public:
  /// @param before whose ways are gone on with where their options are the
  ///        same, so that connections are kept; null: none.
  /// @returns INVALID_ARGUMENT where a name leads nowhere or a store cannot
  ///          be used.
  static caf::expected<std::shared_ptr<const backend_routes>>
  make(const program& code, const backend_options& options,
       const backend_routes* before = nullptr);

  /// @pre the settings are of the program
  const std::shared_ptr<const net::http_route>&
  find(const http_request_settings& settings) const;

private:
  using route_key =
      std::tuple<std::string, std::string, std::size_t, std::size_t>;

  static route_key key_of(const http_request_settings& settings);

  /// The way that both have; null where it differs.
  std::shared_ptr<const net::http_route> same(const route_key& key,
                                              const proxy_options* proxy) const;

  std::map<route_key, std::shared_ptr<const net::http_route>> routes_;
};

} // namespace switchboard::flows
