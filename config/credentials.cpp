#include "config/credentials.hpp"

#include <algorithm>

namespace switchboard::config {

namespace {

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

bool is_right(const table_reader& table, const text& found, bool may_be_empty) {
  auto problem =
      !may_be_empty && found.value.empty() ? "is empty, expected a name"
      : has_control(found.value) ? "holds a control character, expected none"
                                 : nullptr;
  if (problem != nullptr)
    table.shared().refuse(found, problem);
  return problem == nullptr;
}

} // namespace

bool read_username(const table_reader& table, std::string& out) {
  auto found = table.string("username");
  if (!found || !is_right(table, *found, false))
    return false;
  if (found->value.find(':') != std::string::npos) {
    table.shared().refuse(*found,
                          shown(*found) + " holds a colon, expected none");
    return false;
  }
  out = std::move(found->value);
  return true;
}

bool read_password(const table_reader& table, std::string& out) {
  auto found = table.string("password");
  if (!found || !is_right(table, *found, true))
    return false;
  out = std::move(found->value);
  return true;
}

bool read_ntlm_name(const table_reader& table, std::string_view name,
                    std::string& out) {
  auto found = table.string(name);
  if (!found || !is_right(table, *found, false))
    return false;
  out = std::move(found->value);
  return true;
}

} // namespace switchboard::config
