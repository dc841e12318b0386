#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "net/unique_fd.hpp"

namespace switchboard::net {

/// The answer to a check that another thread makes; readiness of a descriptor
/// tells that it is there. Whoever is the last to let go frees it.
class pending_verdict {
public:
  /// @returns null where no descriptors are left.
  static std::shared_ptr<pending_verdict> make();

  explicit pending_verdict(unique_fd event) : event_(std::move(event)) {}

  /// Any thread, once.
  /// @param problem empty: passes.
  void tell(std::string problem);

  /// @returns `nullopt` until it is there.
  std::optional<std::string> get() const;

  /// Readable from then on.
  int fd() const noexcept {
    return event_.get();
  }

private:
  const unique_fd event_;
  mutable std::mutex mutex_;
  std::optional<std::string> problem_;
};

} // namespace switchboard::net
