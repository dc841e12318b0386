#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>

namespace switchboard {

/// The content of one message: immutable bytes, shared by its copies, and
/// whether they go as binary or as text. Text is UTF-8.
class payload {
public:
  payload() = default;

  explicit payload(std::string bytes, bool binary = false)
      : bytes_(std::make_shared<const std::string>(std::move(bytes))),
        binary_(binary) {}

  payload(std::shared_ptr<const std::string> bytes, bool binary)
      : bytes_(std::move(bytes)), binary_(binary) {}

  std::string_view view() const noexcept {
    return bytes_ ? std::string_view{*bytes_} : std::string_view{};
  }

  std::span<const std::byte> bytes() const noexcept {
    return std::as_bytes(std::span{view()});
  }

  std::size_t size() const noexcept {
    return bytes_ ? bytes_->size() : 0;
  }

  bool binary() const noexcept {
    return binary_;
  }

  /// The storage itself; null where empty.
  const std::shared_ptr<const std::string>& storage() const noexcept {
    return bytes_;
  }

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, payload& x) {
    std::string bytes{x.view()};
    auto load = [&]() -> caf::error {
      x.bytes_ = std::make_shared<const std::string>(std::move(bytes));
      return caf::none;
    };
    return f(caf::meta::type_name("payload"), bytes, x.binary_,
             caf::meta::load_callback(load));
  }

private:
  std::shared_ptr<const std::string> bytes_;
  bool binary_ = false;
};

} // namespace switchboard
