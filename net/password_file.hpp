#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

  /// A hash to spend time on where nobody has the name. Hashes may cost more or
  /// less: who always took the same one would tell who is here.
  /// @param number that belongs to the name and that nobody can guess.
  const std::string& any(std::uint64_t number) const noexcept {
    return *all_[number % all_.size()];
  }

  password_file(password_file&&) noexcept = default;
  password_file& operator=(password_file&&) noexcept = default;

private:
  password_file() = default;

  /// Never empty.
  std::map<std::string, std::string, std::less<>> hashes_;
  /// Those of the map, which does not move them.
  std::vector<const std::string*> all_;
};

} // namespace switchboard::net
