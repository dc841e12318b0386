#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace switchboard::service::client {

/// Puts a path and a query together.
class target_builder {
public:
  /// @param path encoded already.
  explicit target_builder(std::string path) : text_(std::move(path)) {}

  /// Adds a segment to the path; before the first `with`.
  target_builder& segment(std::string_view text);

  /// Adds a parameter; an empty value is left out.
  target_builder& with(std::string_view name, std::string_view value);

  const std::string& text() const noexcept {
    return text_;
  }

private:
  std::string text_;
  bool has_query_ = false;
};

} // namespace switchboard::service::client
