#pragma once

#include <map>
#include <string>

#include <switchboard/options.hpp>

namespace switchboard::service::systemd {

/// Listening sockets that systemd has passed (sd_listen_fds(3)), by the name
/// of their listener, which is their `FileDescriptorName`.
using passed_sockets = std::map<std::string, int>;

/// Takes them, once; programs that this one starts get none.
/// @param problem set to what is wrong with them; else empty.
passed_sockets take_sockets(std::string& problem);

/// Gives the only socket to the only listener where its name says nothing.
/// @returns a name that leads to no listener; empty where there is none.
std::string match(passed_sockets& sockets, const switchboard_options& options);

/// Has listeners use what was passed to them.
void hand_over(const passed_sockets& sockets, switchboard_options& options);

} // namespace switchboard::service::systemd
