#pragma once

#include <memory>

#include "net/dial.hpp"
#include "net/tls_context.hpp"
#include "net/wire.hpp"

namespace switchboard::net {

/// TLS on a connected, non-blocking socket; the handshake comes first. Its
/// handshake fails where the connection could not be set up.
/// @param host see `tls_context::open`.
std::unique_ptr<handshaking_wire>
make_tls_wire(unique_fd fd, std::shared_ptr<const tls_context> context,
              const std::string& host = {});

/// Makes clients' wires for a dial.
make_secure_wire make_client_wire(std::shared_ptr<const tls_context> context);

} // namespace switchboard::net
