#include "config/file_path.hpp"

namespace switchboard::config {

void read_file_path(const table_reader& table, std::string& out,
                    std::string_view name) {
  auto path = table.string(name);
  if (!path)
    return;
  if (path->value.empty() || path->value.find('\0') != std::string::npos)
    table.shared().refuse(*path, shown(*path) + " is no file, expected a path");
  else
    out = (table.shared().directory / path->value).string();
}

} // namespace switchboard::config
