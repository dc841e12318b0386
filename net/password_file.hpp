#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace switchboard::net {

/// Names and hashes of htpasswd(1).
class password_file {
public:
  /// Lines `NAME:HASH`; empty ones and those that begin with `#` are passed
  /// over. Hashes of bcrypt, SHA-256 and SHA-512 crypt are taken; apr1, SHA-1
  /// and what is no hash are refused by name.
  /// @param problem receives a clause that names the line; nothing of it.
  static std::optional<password_file> parse(std::string_view text,
                                            std::string& problem);

  /// @returns null where nobody has the name.
  const std::string* find(std::string_view name) const;

  /// A hash to spend time on where nobody has the name.
  const std::string& any() const noexcept {
    return hashes_.begin()->second;
  }

private:
  /// Never empty.
  std::map<std::string, std::string, std::less<>> hashes_;
};

} // namespace switchboard::net
