#include <limits>

#include "config/file_path.hpp"
#include "config/sections.hpp"

namespace switchboard::config {

namespace {

constexpr key_spec keys[] = {
    {"type"},
    {"path"},
    {"entry_ttl"},
    {"max_entries"},
};

constexpr named<object_store_type> types[] = {
    {"memory", object_store_type::memory},
    {"sqlite", object_store_type::sqlite},
    // Of the nodes of a [cluster].
    {"cluster", std::nullopt},
};

void read_path(const table_reader& table, bool is_file,
               object_store_options& options, object_store_draft& notes) {
  if (!is_file) {
    if (table.has("path"))
      table.refuse_key("path", "has no effect here, expected it only with type "
                               "\"sqlite\"");
    return;
  }
  if (!table.has("path")) {
    if (!table.is_misspelled("path"))
      table.shared().report(table.at(), table.key_of("path"),
                            "is missing, expected the path of a file");
    return;
  }
  read_file_path(table, options.path);
  if (!options.path.empty())
    notes.path =
        text{std::filesystem::path{options.path}.lexically_normal().string(),
             table.find("path")->at(), table.key_of("path")};
}

void read_object_store(const named_table& entry, draft& out) {
  table_reader table{entry.value, keys};
  object_store_options options;
  object_store_draft notes;
  options.name = entry.name;
  options.at = table.at();
  notes.key = table.key();
  // What the path is good for is not known where the type is wrong.
  auto type = table.find("type");
  if (!type || table.one_of("type", options.type, types))
    read_path(table, options.type == object_store_type::sqlite, options, notes);
  table.duration("entry_ttl", options.entry_ttl, std::chrono::nanoseconds{1});
  table.integer("max_entries", options.max_entries, 1,
                std::numeric_limits<std::int32_t>::max());
  out.value.object_stores.push_back(std::move(options));
  out.object_stores.push_back(std::move(notes));
}

} // namespace

void read_object_stores(const value_reader& section, draft& out) {
  auto known = section.shared().found.size();
  auto entries = named_tables(section, "a table [object_store.NAME]");
  out.object_stores_unclear |= section.shared().found.size() != known;
  for (auto& entry : entries)
    read_object_store(entry, out);
}

} // namespace switchboard::config
