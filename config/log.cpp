#include "config/sections.hpp"

namespace switchboard::config {

namespace {

constexpr key_spec keys[] = {
    {"level"},
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

} // namespace

void read_log(const value_reader& section, draft& out) {
  table_reader table{section, keys};
  auto& options = out.value.log;
  table.one_of("level", options.level, levels);
  table.one_of("format", options.format, formats);
  if (auto file = table.string("file")) {
    if (file->value.empty() || file->value.find('\0') != std::string::npos)
      table.find("file")->refuse(shown(*file) + " is no file, expected a path");
    else
      options.file = (table.shared().directory / file->value).string();
  }
}

} // namespace switchboard::config
