#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

namespace switchboard::service::client {

/// Rows of text in columns as wide as their widest cell.
class table {
public:
  explicit table(std::vector<std::string> head);

  /// @param cells as many as the head has. What would steer a terminal is
  ///        shown escaped.
  void add(std::vector<std::string> cells);

  /// @param columns what is right of them is left out.
  void print(std::ostream& to, std::size_t columns = SIZE_MAX) const;

private:
  std::vector<std::vector<std::string>> rows_;
};

/// A member of an object as a cell: text as it is, numbers in decimal, lists
/// with commas; empty where there is none.
std::string cell_of(const boost::json::object& from, std::string_view name);

} // namespace switchboard::service::client
