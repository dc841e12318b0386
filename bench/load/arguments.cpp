#include "bench/load/arguments.hpp"

#include <charconv>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

arguments::arguments(int argc, const char* const* argv, int first) {
  for (auto i = first; i < argc; ++i) {
    std::string_view name{argv[i]};
    if (!name.starts_with("--"))
      throw wrong_usage{"not an option: " + std::string{name}};
    option value;
    if (i + 1 < argc && !std::string_view{argv[i + 1]}.starts_with("--"))
      value.value = argv[++i];
    given_.insert_or_assign(std::string{name.substr(2)}, value);
  }
}

arguments::arguments(const std::map<std::string, std::string>& given) {
  for (const auto& [name, value] : given)
    given_.insert_or_assign(name, option{value, false});
}

std::string arguments::text(const std::string& name,
                            const std::string& otherwise) {
  auto found = given_.find(name);
  if (found == given_.end())
    return otherwise;
  found->second.known = true;
  if (found->second.value.empty())
    throw wrong_usage{"--" + name + " needs a value"};
  return found->second.value;
}

std::string arguments::needed(const std::string& name) {
  auto result = text(name, "");
  if (result.empty())
    throw wrong_usage{"--" + name + " is missing"};
  return result;
}

std::uint64_t arguments::number(const std::string& name,
                                std::uint64_t otherwise) {
  auto value = text(name, std::to_string(otherwise));
  std::uint64_t result = 0;
  auto end = value.data() + value.size();
  auto [stop, wrong] = std::from_chars(value.data(), end, result);
  if (wrong != std::errc{} || stop != end)
    throw wrong_usage{"--" + name + ": not a number: " + value};
  return result;
}

double arguments::real(const std::string& name, double otherwise) {
  if (!has(name))
    return otherwise;
  auto value = text(name, "");
  double result = 0;
  auto end = value.data() + value.size();
  auto [stop, wrong] = std::from_chars(value.data(), end, result);
  if (wrong != std::errc{} || stop != end || !(result >= 0))
    throw wrong_usage{"--" + name + ": not a number: " + value};
  return result;
}

bool arguments::flag(const std::string& name) {
  auto found = given_.find(name);
  if (found == given_.end())
    return false;
  found->second.known = true;
  if (!found->second.value.empty())
    throw wrong_usage{"--" + name + " takes no value"};
  return true;
}

void arguments::finish() const {
  for (const auto& [name, value] : given_) {
    if (!value.known)
      throw wrong_usage{"unknown option --" + name};
  }
}

} // namespace switchboard::bench
