#include "flows/native_path.hpp"

#include <array>
#include <charconv>

#include "flows/attribute_values.hpp"

namespace switchboard::flows {

namespace {

constexpr std::array<std::string_view, 4> root_names = {"payload", "attributes",
                                                        "vars", "error"};

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::string_view take_name(std::string_view& rest) {
  std::size_t size = 0;
  while (size < rest.size()
         && (is_name_start(rest[size]) || (size > 0 && is_digit(rest[size]))))
    ++size;
  auto result = rest.substr(0, size);
  rest.remove_prefix(size);
  return result;
}

/// Reads what stands behind `[`, and the `]`.
std::optional<native_path::step> take_index(std::string_view& rest) {
  if (rest.empty())
    return std::nullopt;
  if (rest.front() == '\'' || rest.front() == '"') {
    auto end = rest.find(rest.front(), 1);
    if (end == std::string_view::npos || rest.size() <= end + 1
        || rest[end + 1] != ']')
      return std::nullopt;
    auto name = rest.substr(1, end - 1);
    if (name.find_first_of("\\\r\n") != std::string_view::npos)
      return std::nullopt;
    rest.remove_prefix(end + 2);
    return std::string{name};
  }
  std::int64_t index = 0;
  auto last = rest.data() + rest.size();
  auto [end, problem] = std::from_chars(rest.data(), last, index);
  if (problem != std::errc{} || end == last || *end != ']' || index < 0)
    return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
  return index;
}

const boost::json::value* child_of(const boost::json::value& node,
                                   const native_path::step& step) {
  if (auto name = std::get_if<std::string>(&step))
    return node.is_object() ? node.get_object().if_contains(*name) : nullptr;
  auto index = std::get<std::int64_t>(step);
  if (!node.is_array() || index < 1)
    return nullptr;
  return node.get_array().if_contains(static_cast<std::size_t>(index) - 1);
}

} // namespace

std::optional<native_path> native_path::parse(std::string_view expression) {
  native_path result;
  auto rest = trim(expression);
  auto name = take_name(rest);
  auto found = false;
  for (std::size_t i = 0; i < root_names.size(); ++i) {
    if (root_names[i] != name)
      continue;
    result.root_ = static_cast<root>(i);
    found = true;
  }
  if (!found)
    return std::nullopt;
  while (!rest.empty()) {
    auto sign = rest.front();
    rest.remove_prefix(1);
    if (sign == '.') {
      auto field = take_name(rest);
      if (field.empty())
        return std::nullopt;
      result.steps_.emplace_back(std::string{field});
    } else if (sign == '[') {
      auto step = take_index(rest);
      if (!step)
        return std::nullopt;
      result.steps_.push_back(std::move(*step));
    } else {
      return std::nullopt;
    }
  }
  return result;
}

std::optional<value> native_path::find(const scope& in) const {
  switch (root_) {
    case root::payload:
      return descend(in.payload, 0);
    case root::attributes:
      return find_attribute(in.attributes);
    case root::vars: {
      auto name =
          steps_.empty() ? nullptr : std::get_if<std::string>(&steps_.front());
      if (name == nullptr)
        return std::nullopt;
      auto found = in.vars.find(*name);
      return descend(found != nullptr ? *found : value{}, 1);
    }
    case root::error:
      return find_error(in);
  }
  return std::nullopt;
}

std::optional<value>
native_path::find_attribute(const socket_attributes& in) const {
  auto first =
      steps_.empty() ? nullptr : std::get_if<std::string>(&steps_.front());
  if (first == nullptr)
    return std::nullopt;
  if (steps_.size() == 1)
    return attribute_of(in, *first);
  if (steps_.size() > 2)
    return std::nullopt;
  auto second = std::get_if<std::string>(&steps_.back());
  return second != nullptr ? attribute_entry(in, *first, *second)
                           : std::nullopt;
}

std::optional<value> native_path::find_error(const scope& in) const {
  auto name =
      steps_.size() == 1 ? std::get_if<std::string>(&steps_.front()) : nullptr;
  if (!in.error || name == nullptr)
    return std::nullopt;
  if (*name == "type")
    return in.error->type;
  if (*name == "message")
    return in.error->message;
  return std::nullopt;
}

std::optional<value> native_path::descend(const value& from,
                                          std::size_t next) const {
  if (next == steps_.size())
    return from;
  if (auto map = std::get_if<std::shared_ptr<const record>>(&from)) {
    auto name = std::get_if<std::string>(&steps_[next]);
    auto field = name != nullptr ? (*map)->find(*name) : nullptr;
    return descend(field != nullptr ? *field : value{}, next + 1);
  }
  json_ref owner;
  if (auto json = std::get_if<json_ref>(&from))
    owner = *json;
  else if (auto doc = std::get_if<std::shared_ptr<const document>>(&from);
           doc && (*doc)->is_json())
    owner = (*doc)->json();
  if (!owner)
    return std::nullopt;
  auto node = owner.get();
  for (; next < steps_.size(); ++next) {
    if (!node->is_structured())
      return std::nullopt;
    node = child_of(*node, steps_[next]);
    if (node == nullptr) {
      // Indexing nil further is an error, in Lua's words.
      if (next + 1 != steps_.size())
        return std::nullopt;
      return value{};
    }
  }
  return from_json(owner, *node);
}

} // namespace switchboard::flows
