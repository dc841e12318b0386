#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/save_callback.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/sec.hpp>

#include <switchboard/large_content.hpp>

namespace switchboard {

/// The content of one message: immutable bytes, shared by its copies, and
/// whether they go as binary or as text. Text is UTF-8. Bytes that are too
/// large for memory are a `large_content`, which does not leave the process.
class payload {
public:
  payload() = default;

  explicit payload(std::string bytes, bool binary = false)
      : bytes_(std::make_shared<const std::string>(std::move(bytes))),
        binary_(binary) {}

  payload(std::shared_ptr<const std::string> bytes, bool binary)
      : bytes_(std::move(bytes)), binary_(binary) {}

  payload(std::shared_ptr<const large_content> large, bool binary)
      : large_(std::move(large)), binary_(binary) {}

  /// Null where the bytes are in memory.
  const std::shared_ptr<const large_content>& large() const noexcept {
    return large_;
  }

  /// The bytes in memory; none of a large content.
  std::string_view view() const noexcept {
    return bytes_ ? std::string_view{*bytes_} : std::string_view{};
  }

  std::span<const std::byte> bytes() const noexcept {
    return std::as_bytes(std::span{view()});
  }

  /// In memory or not.
  std::size_t size() const noexcept {
    if (bytes_)
      return bytes_->size();
    return large_ ? static_cast<std::size_t>(large_->size()) : 0;
  }

  bool binary() const noexcept {
    return binary_;
  }

  /// The storage itself; null where empty or large.
  const std::shared_ptr<const std::string>& storage() const noexcept {
    return bytes_;
  }

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, payload& x) {
    std::string bytes{x.view()};
    auto load = [&]() -> caf::error {
      x.bytes_ = std::make_shared<const std::string>(std::move(bytes));
      x.large_ = nullptr;
      return caf::none;
    };
    auto save = [&]() -> caf::error {
      if (x.large_)
        return caf::make_error(caf::sec::runtime_error,
                               "a large content does not leave its process");
      return caf::none;
    };
    return f(caf::meta::type_name("payload"), bytes, x.binary_,
             caf::meta::load_callback(load), caf::meta::save_callback(save));
  }

private:
  std::shared_ptr<const std::string> bytes_;
  std::shared_ptr<const large_content> large_;
  bool binary_ = false;
};

} // namespace switchboard
