#pragma once

#include <exception>

namespace switchboard::flows {

class document;

/// Thrown by who looks into a document whose bytes are not in memory: a
/// `flow_run` has them read and does its step again. Never leaves the folder.
class content_needed : public std::exception {
public:
  explicit content_needed(const document& what) : what_(&what) {
    // nop
  }

  const document& of() const noexcept {
    return *what_;
  }

  const char* what() const noexcept override {
    return "the payload is too large to be looked at here";
  }

private:
  const document* what_;
};

} // namespace switchboard::flows
