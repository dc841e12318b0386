#include "config/templates.hpp"

#include <switchboard/template_scan.hpp>

namespace switchboard::config {

namespace {

bool is_blank(std::string_view expression) {
  return expression.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// Reports what is wrong with the shape of a template.
bool check_shape(const value_reader& value, const template_scan& scan) {
  if (scan.unclosed) {
    value.refuse("has an unclosed `#[`, expected the `]` that balances it");
    return false;
  }
  for (auto& part : scan.parts)
    if (part.is_expression && is_blank(part.text)) {
      value.refuse("has an empty `#[ ]`, expected an expression in it");
      return false;
    }
  return true;
}

std::optional<template_text> checked(const value_reader& value,
                                     const text& found,
                                     const constant_check& check) {
  auto scan = scan_template(found.value);
  if (!check_shape(value, scan))
    return std::nullopt;
  if (check != nullptr && scan.is_constant()) {
    auto problem = check(found);
    if (!problem.empty()) {
      value.refuse(std::move(problem));
      return std::nullopt;
    }
  }
  value.shared().templates.push_back(found);
  return template_text{found.value, found.at};
}

} // namespace

std::optional<template_text> read_template(const value_reader& value,
                                           const constant_check& check) {
  auto found = value.string("a string, or `#[ … ]` in one");
  return found ? checked(value, *found, check) : std::nullopt;
}

std::optional<template_text> read_template(const table_reader& table,
                                           std::string_view name,
                                           const constant_check& check) {
  auto value = table.find(name);
  return value ? read_template(*value, check) : std::nullopt;
}

std::optional<template_text> read_expression(const value_reader& value,
                                             std::string_view expected) {
  auto found = value.string(expected);
  if (!found)
    return std::nullopt;
  auto scan = scan_template(found->value);
  if (!check_shape(value, scan))
    return std::nullopt;
  if (!scan.is_expression()) {
    value.refuse(shown(*found) + " is no single `#[ … ]`, expected "
                 + std::string{expected});
    return std::nullopt;
  }
  value.shared().templates.push_back(*found);
  return template_text{std::move(found->value), found->at};
}

template_list read_template_list(const value_reader& value,
                                 const constant_check& check) {
  template_list result;
  if (value.node().is_string()) {
    if (auto single = read_template(value, check)) {
      result.from_expression = scan_template(single->text).is_expression();
      result.items.push_back(std::move(*single));
    }
    return result;
  }
  if (auto elements =
          value.array("an array of strings, or one `#[ … ]` for all"))
    for (auto& element : *elements)
      if (auto item = read_template(element, check))
        result.items.push_back(std::move(*item));
  return result;
}

std::optional<text> read_constant(const value_reader& value,
                                  std::string_view expected) {
  auto found = value.string(expected);
  if (!found)
    return std::nullopt;
  auto fail = [&](std::string why) -> std::optional<text> {
    value.refuse(std::move(why) + ", expected " + std::string{expected});
    return std::nullopt;
  };
  if (found->value.empty())
    return fail("is empty");
  if (found->value.find("#[") != std::string::npos)
    return fail("holds a `#[`, where only a constant can stand");
  return found;
}

} // namespace switchboard::config
