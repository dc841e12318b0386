#pragma once

#include <string>

namespace switchboard::service::systemd {

// What a service of `Type=notify` tells systemd (sd_notify(3)). Without
// effect where nobody has set NOTIFY_SOCKET.

/// The start, or a reload, is complete.
void notify_ready();

/// The configuration is being read again; `notify_ready` follows.
void notify_reloading();

/// The end has begun.
void notify_stopping();

/// One line for `systemctl status`.
void notify_status(const std::string& text);

/// Alive: puts off the watchdog.
void notify_alive();

} // namespace switchboard::service::systemd
