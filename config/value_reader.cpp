#include "config/value_reader.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>

#include "config/substitution.hpp"
#include "config/values.hpp"

namespace switchboard::config {

namespace {

std::string_view name_of(toml::node_type type) {
  switch (type) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a decimal number";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
      return "a date";
    case toml::node_type::time:
      return "a time of day";
    case toml::node_type::date_time:
      return "a date and time";
    default:
      return "of no known type";
  }
}

std::string rendered(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

std::string integer_range(std::int64_t min, std::int64_t max) {
  if (max == std::numeric_limits<std::int64_t>::max())
    return "an integer of at least " + std::to_string(min);
  return "an integer from " + std::to_string(min) + " to "
         + std::to_string(max);
}

std::string number_range(double min, double max) {
  if (max == std::numeric_limits<double>::max())
    return "a number of at least " + rendered(min);
  return "a number from " + rendered(min) + " to " + rendered(max);
}

std::string size_range(std::uint64_t min, std::uint64_t max) {
  std::string result = R"(a size such as "64KiB" or "1MiB")";
  if (max != std::numeric_limits<std::uint64_t>::max())
    return result + " from " + std::to_string(min) + "B to "
           + std::to_string(max) + "B";
  return min == 0 ? result
                  : result + " of at least " + std::to_string(min) + "B";
}

std::string duration_range(std::chrono::nanoseconds min) {
  std::string result = R"(a duration such as "250ms" or "15min")";
  if (min.count() > 0)
    result += " longer than 0";
  return result;
}

template <class T>
std::optional<T> read_number(std::string_view digits) {
  T value{};
  auto last = digits.data() + digits.size();
  auto [end, failure] = std::from_chars(digits.data(), last, value);
  if (failure != std::errc{} || end != last)
    return std::nullopt;
  return value;
}

} // namespace

source_place place_of(const toml::source_region& region) {
  return {region.begin.line, region.begin.column};
}

source_place value_reader::at() const {
  return at_ ? *at_ : place_of(node_->source());
}

void value_reader::refuse(std::string message) const {
  shared_->report(at(), key_, std::move(message));
}

void value_reader::refuse_type(std::string_view expected) const {
  refuse("is " + std::string{name_of(node_->type())} + ", expected "
         + std::string{expected});
}

std::optional<text> value_reader::string(std::string_view expected) const {
  auto* found = node_->as_string();
  if (found == nullptr) {
    refuse_type(expected);
    return std::nullopt;
  }
  auto result = substitute(found->get(), shared_->env, shared_->directory);
  for (auto& problem : result.problems)
    refuse(std::move(problem));
  if (!result.problems.empty())
    return std::nullopt;
  return text{std::move(result.value), at(), key_, result.replaced};
}

std::optional<text>
value_reader::replaced_string(const std::string& expected) const {
  auto* found = node_->as_string();
  if (found == nullptr || found->get().find("${") == std::string::npos) {
    refuse_type(expected);
    return std::nullopt;
  }
  return string();
}

std::optional<std::int64_t> value_reader::integer(std::int64_t min,
                                                  std::int64_t max) const {
  auto expected = integer_range(min, max);
  auto in_range = [&](std::int64_t value) {
    return value >= min && value <= max;
  };
  if (auto* found = node_->as_integer()) {
    auto value = found->get();
    if (in_range(value))
      return value;
    refuse(std::to_string(value) + " is out of range, expected " + expected);
    return std::nullopt;
  }
  auto found = replaced_string(expected);
  if (!found)
    return std::nullopt;
  auto value = read_number<std::int64_t>(found->value);
  if (value && in_range(*value))
    return value;
  refuse(shown(*found) + (value ? " is out of range" : " is no integer")
         + ", expected " + expected);
  return std::nullopt;
}

std::optional<double> value_reader::number(double min, double max) const {
  auto expected = number_range(min, max);
  auto in_range = [&](double value) {
    return std::isfinite(value) && value >= min && value <= max;
  };
  std::optional<double> plain;
  if (auto* found = node_->as_floating_point())
    plain = found->get();
  else if (auto* whole = node_->as_integer())
    plain = static_cast<double>(whole->get());
  if (plain) {
    if (in_range(*plain))
      return plain;
    refuse(rendered(*plain) + " is out of range, expected " + expected);
    return std::nullopt;
  }
  auto found = replaced_string(expected);
  if (!found)
    return std::nullopt;
  auto value = read_number<double>(found->value);
  if (value && in_range(*value))
    return value;
  refuse(shown(*found) + (value ? " is out of range" : " is no number")
         + ", expected " + expected);
  return std::nullopt;
}

std::optional<bool> value_reader::boolean() const {
  if (auto* found = node_->as_boolean())
    return found->get();
  auto found = replaced_string("true or false");
  if (!found)
    return std::nullopt;
  if (found->value == "true")
    return true;
  if (found->value == "false")
    return false;
  refuse(shown(*found) + " is no boolean, expected true or false");
  return std::nullopt;
}

std::optional<std::chrono::nanoseconds>
value_reader::duration(std::chrono::nanoseconds min) const {
  auto expected = duration_range(min);
  auto found = string(expected);
  if (!found)
    return std::nullopt;
  auto [value, problem] = parse_duration(found->value);
  if (value && *value >= min)
    return value;
  if (value)
    problem = "is too short";
  refuse(shown(*found) + ' ' + std::string{problem} + ", expected " + expected
         + (problem == "has no known unit" || problem == "has no unit"
                ? " (ns us ms s min h d)"
                : ""));
  return std::nullopt;
}

std::optional<std::uint64_t> value_reader::size(std::uint64_t min,
                                                std::uint64_t max) const {
  auto expected = size_range(min, max);
  auto found = string(expected);
  if (!found)
    return std::nullopt;
  auto [value, problem] = parse_size(found->value);
  if (value && *value >= min && *value <= max)
    return value;
  if (value)
    problem = *value < min ? "is too small" : "is too large";
  refuse(shown(*found) + ' ' + std::string{problem} + ", expected " + expected
         + (problem == "has no known unit" || problem == "has no unit"
                ? " (B KiB MiB GiB)"
                : ""));
  return std::nullopt;
}

std::optional<std::vector<value_reader>>
value_reader::array(std::string_view expected) const {
  auto* found = node_->as_array();
  if (found == nullptr) {
    refuse_type(expected);
    return std::nullopt;
  }
  std::vector<value_reader> result;
  result.reserve(found->size());
  for (std::size_t i = 0; i < found->size(); ++i)
    result.emplace_back(*shared_, *found->get(i),
                        key_ + '[' + std::to_string(i) + ']');
  return result;
}

const toml::table* value_reader::table(std::string_view expected) const {
  auto* found = node_->as_table();
  if (found == nullptr)
    refuse_type(expected);
  return found;
}

} // namespace switchboard::config
