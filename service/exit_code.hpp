#pragma once

namespace switchboard::service {

/// What the program ends with.
enum exit_code : int {
  exit_done = 0,
  /// Something failed while it ran.
  exit_failed = 1,
  /// Wrong usage or a wrong configuration.
  exit_usage = 2,
  /// With `fails_deployment`: a listener cannot be bound, or a peer not be
  /// reached.
  exit_deployment = 3,
};

} // namespace switchboard::service
