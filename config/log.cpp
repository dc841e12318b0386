#include "config/sections.hpp"

namespace switchboard::config {

namespace {

constexpr key_spec keys[] = {
    {"level"},
    {"levels"},
    {"format"},
    {"file"},
};

constexpr named<log_level> levels[] = {
    {"trace", log_level::trace}, {"debug", log_level::debug},
    {"info", log_level::info},   {"warn", log_level::warn},
    {"error", log_level::error}, {"off", log_level::off},
};

constexpr named<log_format> formats[] = {
    {"text", log_format::text},
    {"json", log_format::json},
};

/// `[log.levels]`: a level for each part that has one of its own.
void read_levels(const value_reader& section, part_levels& out) {
  std::vector<key_spec> parts;
  for (auto name : report_part_names)
    parts.push_back({name});
  table_reader table{section, parts, "a table of levels"};
  for (std::size_t i = 0; i < report_parts; ++i)
    if (log_level level{}; table.one_of(report_part_names[i], level, levels))
      out[i] = level;
}

} // namespace

void read_log(const value_reader& section, draft& out) {
  table_reader table{section, keys};
  auto& options = out.value.log;
  table.one_of("level", options.level, levels);
  if (auto found = table.find("levels"))
    read_levels(*found, options.levels);
  table.one_of("format", options.format, formats);
  if (auto file = table.string("file")) {
    if (file->value.empty() || file->value.find('\0') != std::string::npos)
      table.find("file")->refuse(shown(*file) + " is no file, expected a path");
    else
      options.file = (table.shared().directory / file->value).string();
  }
}

} // namespace switchboard::config
