#include "config/streaming.hpp"

#include <limits>

namespace switchboard::config {

namespace {

using kind = streaming_options::kind;

constexpr auto unlimited = std::numeric_limits<std::uint64_t>::max();

constexpr key_spec keys[] = {
    {"type", presence::required,
     R"("in-memory", "file-store" or "non-repeatable")"},
    {"initial_buffer_size"},
    {"buffer_size_increment"},
    {"max_buffer_size"},
    {"in_memory_size"},
};

constexpr named<kind> kinds[] = {
    {"in-memory", kind::in_memory},
    {"file-store", kind::file_store},
    {"non-repeatable", kind::non_repeatable},
};

void check_keys_of(const table_reader& table, kind type) {
  auto only = [&](std::string_view key, kind of, std::string_view name) {
    if (table.has(key) && type != of)
      table.refuse_key(key, "has no effect here, expected it only with type "
                                + std::string{name});
  };
  only("initial_buffer_size", kind::in_memory, "in-memory");
  only("buffer_size_increment", kind::in_memory, "in-memory");
  only("max_buffer_size", kind::in_memory, "in-memory");
  only("in_memory_size", kind::file_store, "file-store");
}

} // namespace

streaming_options read_streaming(const value_reader& value) {
  table_reader table{value, keys, "a table with a type"};
  streaming_options result;
  if (table.one_of("type", result.type, kinds))
    check_keys_of(table, result.type);
  table.size("buffer_size_increment", result.buffer_size_increment, 0,
             unlimited);
  table.size("max_buffer_size", result.max_buffer_size, 0, unlimited);
  table.size("in_memory_size", result.in_memory_size, 0, unlimited);
  auto has_initial = table.size("initial_buffer_size",
                                result.initial_buffer_size, 1, unlimited);
  auto bounded = result.max_buffer_size > 0;
  if (bounded && result.initial_buffer_size > result.max_buffer_size) {
    if (has_initial)
      table.find("initial_buffer_size")
          ->refuse("is larger than max_buffer_size, expected at most as much");
    result.initial_buffer_size = result.max_buffer_size;
  }
  return result;
}

} // namespace switchboard::config
