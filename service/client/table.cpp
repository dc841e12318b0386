#include "service/client/table.hpp"

#include <algorithm>

#include "service/log_line.hpp"
#include "service/text.hpp"

namespace switchboard::service::client {

namespace {

std::size_t width_of(std::string_view text) {
  std::size_t result = 0;
  for (; !text.empty(); ++result)
    take_code_point(text);
  return result;
}

std::string_view first_of(std::string_view text, std::size_t columns) {
  auto rest = text;
  for (; !rest.empty() && columns > 0; --columns)
    take_code_point(rest);
  return text.substr(0, text.size() - rest.size());
}

std::string text_of(const boost::json::value& value) {
  if (auto text = value.if_string())
    return std::string{*text};
  if (value.is_null())
    return {};
  if (auto list = value.if_array()) {
    std::string result;
    for (auto& entry : *list)
      result += (result.empty() ? "" : ",") + text_of(entry);
    return result;
  }
  return boost::json::serialize(value);
}

} // namespace

table::table(std::vector<std::string> head) : rows_{std::move(head)} {}

void table::add(std::vector<std::string> cells) {
  for (auto& cell : cells) {
    cell = to_printable(cell);
    if (cell.empty())
      cell = "-";
  }
  rows_.push_back(std::move(cells));
}

void table::print(std::ostream& to, std::size_t columns) const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(row[i]));
  for (auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size())
        line.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    to << first_of(line, columns) << '\n';
  }
}

std::string cell_of(const boost::json::object& from, std::string_view name) {
  auto value = from.if_contains(name);
  return value != nullptr ? text_of(*value) : std::string{};
}

} // namespace switchboard::service::client
