#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <switchboard/source_place.hpp>

namespace switchboard {

/// The object store of flows that name none. Without an `[object_store]` of
/// this name it is a memory store with the defaults below.
inline constexpr std::string_view default_object_store = "default";

enum class object_store_type : std::uint8_t {
  /// Gone with the process.
  memory,
  /// A file; what was acknowledged is in it.
  sqlite,
};

/// `[object_store.NAME]`: where flows keep small things from one message to
/// another, failure counts above all.
struct object_store_options {
  std::string name;
  object_store_type type = object_store_type::memory;
  /// Of `sqlite`: the file, made where it is not there.
  std::string path;
  /// How long an entry is kept after its last change.
  std::chrono::nanoseconds entry_ttl = std::chrono::minutes{5};
  /// Beyond it the entries whose last change is longest ago make room; at
  /// least 1.
  std::size_t max_entries = 100'000;
  source_place at;
};

} // namespace switchboard
