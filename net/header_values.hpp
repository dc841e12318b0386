#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchboard::net {

/// Whether `text` is a token (RFC 9110 §5.6.2); an empty one is not.
bool is_token(std::string_view text) noexcept;

/// `text` without blanks and tabs around it.
std::string_view trim_blanks(std::string_view text) noexcept;

/// Compares by the rules of ASCII.
bool equal_ignoring_case(std::string_view x, std::string_view y) noexcept;

/// Whether a comma-separated list holds a token, compared without case.
bool list_has_token(std::string_view list, std::string_view token) noexcept;

/// Whether `text` can stand as a header's value in a message that we write:
/// visible characters, blanks and tabs only, so that no peer's text begins a
/// line of its own.
bool is_header_value(std::string_view text) noexcept;

/// Reads the parts of a structured header from left to right.
class header_cursor {
public:
  explicit header_cursor(std::string_view text) noexcept : rest_(text) {}

  void skip_blanks() noexcept;

  /// Takes `c` where it is next.
  bool consume(char c) noexcept;

  bool at_end() const noexcept {
    return rest_.empty();
  }

  bool next_is(char c) const noexcept {
    return !rest_.empty() && rest_.front() == c;
  }

  /// Takes a token; empty where none is next.
  std::string_view token() noexcept;

  /// Takes a token68 (RFC 9110 §11.2); empty where none is next.
  std::string_view token68() noexcept;

  /// Takes a token or a quoted string, unescaped (RFC 9110 §5.6.4);
  /// `nullopt` where neither is next or the string is not closed.
  std::optional<std::string> value();

private:
  std::string_view rest_;
};

struct extension_parameter {
  std::string name;
  std::optional<std::string> value;
};

/// One element of Sec-WebSocket-Extensions.
struct extension {
  std::string name;
  std::vector<extension_parameter> parameters;
};

/// Reads Sec-WebSocket-Extensions (RFC 6455 §9.1); empty list elements are
/// passed over.
/// @returns `nullopt` where it is ill-formed.
std::optional<std::vector<extension>> parse_extensions(std::string_view text);

} // namespace switchboard::net
