#include "net/pending_verdict.hpp"

#include <cstdint>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace switchboard::net {

std::shared_ptr<pending_verdict> pending_verdict::make() {
  unique_fd event{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  return event ? std::make_shared<pending_verdict>(std::move(event)) : nullptr;
}

void pending_verdict::tell(std::string problem) {
  {
    std::lock_guard guard{mutex_};
    problem_ = std::move(problem);
  }
  std::uint64_t one = 1;
  [[maybe_unused]] auto written = ::write(event_.get(), &one, sizeof one);
}

std::optional<std::string> pending_verdict::get() const {
  std::lock_guard guard{mutex_};
  return problem_;
}

} // namespace switchboard::net
