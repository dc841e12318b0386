#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace switchboard::bench {

/// A command line of `--name value` pairs and `--flag`s. What is asked for
/// counts as known; `finish` refuses the rest. All members throw `wrong_usage`.
class arguments {
public:
  arguments(int argc, const char* const* argv, int first);
  /// From names and values; a flag's value is empty.
  explicit arguments(const std::map<std::string, std::string>& given);

  std::string text(const std::string& name, const std::string& otherwise);
  /// Must be there.
  std::string needed(const std::string& name);
  std::uint64_t number(const std::string& name, std::uint64_t otherwise);
  double real(const std::string& name, double otherwise);
  bool flag(const std::string& name);
  bool has(const std::string& name) const {
    return given_.contains(name);
  }

  /// Names the first option that nobody asked for.
  void finish() const;

private:
  struct option {
    std::string value;
    bool known = false;
  };
  std::map<std::string, option> given_;
};

} // namespace switchboard::bench
