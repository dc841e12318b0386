#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <system_error>

namespace switchboard {

/// The content of a message that is too large for memory: immutable bytes that
/// lie elsewhere, read piece by piece by anybody who shares it. Any thread.
class large_content {
public:
  /// @param bytes as many as were asked for; fewer only with a problem.
  using read_callback =
      std::function<void(std::string&& bytes, std::error_code problem)>;

  /// @param is_text whether it is known to be UTF-8.
  large_content(std::uint64_t size, bool is_text)
      : size_(size), is_text_(is_text) {}

  virtual ~large_content() = default;

  large_content(const large_content&) = delete;
  large_content& operator=(const large_content&) = delete;

  std::uint64_t size() const noexcept {
    return size_;
  }

  /// Whether it is known to be UTF-8.
  bool is_text() const noexcept {
    return is_text_;
  }

  /// Reads a piece without blocking the caller.
  /// @param size at least 1; `offset + size` is at most `size()`.
  /// @param done called once, from another thread, which it must not hold up;
  ///        never from within the call.
  virtual void read(std::uint64_t offset, std::size_t size,
                    read_callback done) const = 0;

private:
  std::uint64_t size_;
  bool is_text_;
};

} // namespace switchboard
