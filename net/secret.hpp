#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace switchboard::net {

/// A text whose memory is wiped when it goes. It does not grow, so that no
/// copy is left behind.
class secret {
public:
  secret() noexcept = default;

  /// The parts one behind the other.
  explicit secret(std::initializer_list<std::string_view> parts);

  secret(secret&&) noexcept = default;
  secret& operator=(secret&&) noexcept = default;

  std::string_view view() const noexcept {
    return {text_.get(), text_ ? text_.get_deleter().size : 0};
  }

private:
  struct wipe {
    std::size_t size;
    void operator()(char* text) const noexcept;
  };

  std::unique_ptr<char[], wipe> text_;
};

} // namespace switchboard::net
