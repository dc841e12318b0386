#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

/// What the fuzz targets share.
namespace fuzz {

/// Ends the run with the property that does not hold.
inline void require(bool holds, const char* property) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

/// Hands an input out piece by piece; zeros and nothing once it is used up.
class input {
public:
  input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  std::uint8_t number() {
    if (rest_.empty())
      return 0;
    auto result = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return result;
  }

  /// The text up to the next line end, without it.
  std::string line() {
    auto end = rest_.find('\n');
    std::string result{rest_.substr(0, end)};
    rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
    return result;
  }

  std::string rest() const {
    return std::string{rest_};
  }

private:
  std::string_view rest_;
};

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

/// The size of the next cut: a cheap sequence that the input's seed decides.
class cuts {
public:
  explicit cuts(std::uint8_t seed) : state_(seed) {}

  std::size_t next() {
    state_ = state_ * 1103515245u + 12345u;
    return 1 + (state_ >> 16) % 9;
  }

private:
  std::uint32_t state_;
};

} // namespace fuzz
