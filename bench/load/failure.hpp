#pragma once

#include <stdexcept>

namespace switchboard::bench {

/// What ends a run: a wrong count, a broken protocol, a server that left. The
/// message names the server and the cause.
struct failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A command line that cannot be understood.
struct wrong_usage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

} // namespace switchboard::bench
