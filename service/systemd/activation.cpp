#include "service/systemd/activation.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>

#include <systemd/sd-daemon.h>

namespace switchboard::service::systemd {

passed_sockets take_sockets(std::string& problem) {
  passed_sockets result;
  char** names = nullptr;
  auto count = ::sd_listen_fds_with_names(1, &names);
  if (count < 0)
    problem = std::string{"systemd's sockets cannot be taken: "}
              + std::strerror(-count);
  for (auto i = 0; i < count; ++i) {
    auto fd = SD_LISTEN_FDS_START + i;
    std::string name = names != nullptr && names[i] != nullptr ? names[i] : "";
    if (::sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0
        || ::sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0)
      problem = "the socket `" + name
                + "` that systemd has passed is no TCP socket that listens";
    else if (!result.emplace(name, fd).second)
      problem = "systemd has passed two sockets called `" + name
                + "`, expected one for each listener";
  }
  for (auto i = 0; names != nullptr && names[i] != nullptr; ++i)
    std::free(names[i]);
  std::free(names);
  return result;
}

std::string match(passed_sockets& sockets, const switchboard_options& options) {
  auto& listeners = options.listeners;
  auto known = [&](const std::string& name) {
    return std::any_of(listeners.begin(), listeners.end(),
                       [&](auto& what) { return what.name == name; });
  };
  if (sockets.size() == 1 && listeners.size() == 1) {
    auto fd = sockets.begin()->second;
    sockets = {{listeners.front().name, fd}};
  }
  for (auto& [name, fd] : sockets)
    if (!known(name))
      return name;
  return {};
}

void hand_over(const passed_sockets& sockets, switchboard_options& options) {
  for (auto& what : options.listeners)
    if (auto i = sockets.find(what.name); i != sockets.end())
      what.inherited = i->second;
}

} // namespace switchboard::service::systemd
