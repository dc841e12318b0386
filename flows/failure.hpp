#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include <switchboard/error.hpp>

namespace switchboard::flows {

/// Ends a step inside this folder: a `flow_run` catches it and looks for an
/// `on_error`. Never leaves the folder.
class failure : public std::exception {
public:
  explicit failure(error_text what) : what_(std::move(what)) {
    // nop
  }

  /// @param line of the file, where it is known better than by the step.
  failure(errc code, std::string message, std::uint32_t line = 0)
      : what_{to_string(code), std::move(message)}, line_(line) {
    // nop
  }

  const error_text& text() const noexcept {
    return what_;
  }

  /// 0: not known.
  std::uint32_t line() const noexcept {
    return line_;
  }

  const char* what() const noexcept override {
    return what_.message.c_str();
  }

private:
  error_text what_;
  std::uint32_t line_ = 0;
};

} // namespace switchboard::flows
