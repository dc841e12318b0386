#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <switchboard/flow_options.hpp>

#include "config/table_reader.hpp"

namespace switchboard::config {

/// What is wrong with a constant: completes a message that begins with it.
/// Empty where nothing is.
using constant_check = std::function<std::string(const text& constant)>;

/// Reads a string that may hold `#[ … ]`; reports one that is unclosed or
/// empty.
/// @param check judges a text without expressions.
std::optional<template_text>
read_template(const value_reader& value, const constant_check& check = nullptr);

/// The same for a key of a table; unset where it is absent or wrong.
std::optional<template_text>
read_template(const table_reader& table, std::string_view name,
              const constant_check& check = nullptr);

/// Reads a string that is one `#[ … ]` and nothing around it.
std::optional<template_text> read_expression(const value_reader& value,
                                             std::string_view expected);

/// Reads an array of strings, one `#[ … ]` for the whole list, or one string
/// for a list of one.
template_list read_template_list(const value_reader& value,
                                 const constant_check& check = nullptr);

/// Reads a string in which `#[ … ]` makes no sense, and which is not empty.
std::optional<text> read_constant(const value_reader& value,
                                  std::string_view expected);

} // namespace switchboard::config
