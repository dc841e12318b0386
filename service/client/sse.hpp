#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace switchboard::service::client {

/// Takes server-sent events apart (HTML Living Standard §9.2): a byte stream
/// in, one event after another out. Ids and comments are passed over.
class sse_reader {
public:
  struct event {
    std::string name;
    std::string data;
  };

  /// Larger lines and data are cut here, in bytes.
  static constexpr std::size_t most = 1024 * 1024;

  /// Takes bytes up to the end of an event.
  /// @param bytes loses what was taken.
  /// @returns whether an event is complete; then `out` is it.
  bool take(std::string_view& bytes, event& out);

private:
  /// @returns whether it was the end of an event.
  bool end_line(event& out);

  std::string line_;
  event now_;
  bool has_data_ = false;
};

} // namespace switchboard::service::client
