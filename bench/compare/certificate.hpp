#pragma once

#include <string>

namespace switchboard::bench {

/// A new self-signed certificate for 127.0.0.1, RSA of 2,048 bits as most
/// servers had it, in a file that goes with this object. A signature of RSA
/// costs the server far more than the load, so that it is the server that
/// limits handshakes.
class certificate {
public:
  /// Throws `failure`.
  certificate();
  ~certificate();
  certificate(const certificate&) = delete;
  certificate& operator=(const certificate&) = delete;

  /// PEM: certificate, then key.
  const std::string& path() const noexcept {
    return path_;
  }

private:
  std::string path_;
};

} // namespace switchboard::bench
