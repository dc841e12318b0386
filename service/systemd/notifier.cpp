#include "service/systemd/notifier.hpp"

#include <algorithm>
#include <chrono>

#include <systemd/sd-daemon.h>

namespace switchboard::service::systemd {

void notify_ready() {
  ::sd_notify(0, "READY=1");
}

void notify_reloading() {
  using namespace std::chrono;
  auto now =
      duration_cast<microseconds>(steady_clock::now().time_since_epoch());
  auto text = "RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count());
  ::sd_notify(0, text.c_str());
}

void notify_stopping() {
  ::sd_notify(0, "STOPPING=1");
}

void notify_status(const std::string& text) {
  auto line = text.substr(0, text.find('\n'));
  ::sd_notify(0, ("STATUS=" + line).c_str());
}

void notify_alive() {
  ::sd_notify(0, "WATCHDOG=1");
}

} // namespace switchboard::service::systemd
