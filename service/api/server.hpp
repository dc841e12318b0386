#pragma once

#include <memory>
#include <string>

#include <caf/all.hpp>

#include <switchboard/options.hpp>
#include <switchboard/switchboard.hpp>

#include "service/api/backend.hpp"
#include "service/api/limits.hpp"

namespace switchboard::service::api {

/// The management API: an HTTP or HTTPS server with a thread of its own.
/// Reports `listening` with its address once it is up.
class server {
public:
  /// @param system must outlive the server.
  /// @returns INVALID_ARGUMENT for an address that is not loopback without
  ///          tokens and certificates of clients, CONNECTIVITY where the
  ///          address cannot be bound.
  static caf::expected<std::unique_ptr<server>>
  start(caf::actor_system& system, const admin_options& options, backend served,
        report_function on_report, limits bounds = {});

  /// As `stop`.
  ~server();

  /// The numeric address `host:port` it is bound to.
  std::string address() const;

  /// Accepts other tokens for requests from here on.
  void change_tokens(std::vector<std::string> tokens);

  /// Stops accepting, gives requests in work half a second, cuts the rest.
  /// Idempotent.
  void stop();

  server(const server&) = delete;
  server& operator=(const server&) = delete;

private:
  struct impl;
  explicit server(std::unique_ptr<impl> ptr);

  std::unique_ptr<impl> impl_;
};

} // namespace switchboard::service::api
