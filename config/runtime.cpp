#include <limits>
#include <optional>
#include <utility>

#include <switchboard/close_code.hpp>

#include "config/constants.hpp"
#include "config/sections.hpp"

namespace switchboard::config {

namespace {

using std::chrono::nanoseconds;

constexpr key_spec keys[] = {
    {"shards"}, {"io"}, {"drain_timeout"}, {"drain"}, {"temporary_directory"},
};

constexpr key_spec drain_keys[] = {
    {"timeout"}, {"pause"}, {"batch"}, {"every"}, {"code"}, {"reason"},
};

constexpr named<io_method> methods[] = {
    {"auto", io_method::automatic},
    {"epoll", io_method::epoll},
    {"io_uring", io_method::io_uring},
};

/// Threads beyond this many are a slip of the finger.
constexpr std::int64_t max_shards = 1024;

void read_code(const table_reader& table, close_code& out) {
  auto value = table.find("code");
  if (!value)
    return;
  auto* number = value->node().as_integer();
  auto code = number != nullptr
                  ? std::optional{text{std::to_string(number->get()),
                                       value->at(), value->key()}}
                  : value->string("a close code by name or number");
  if (!code)
    return;
  if (auto problem = check_close_code(*code); !problem.empty())
    value->refuse(std::move(problem));
  else
    out = *parse_close_code(code->value);
}

void read_drain(const value_reader& value, drain_options& out) {
  table_reader table{value, drain_keys};
  table.duration("timeout", out.timeout, nanoseconds{0});
  table.duration("pause", out.pause, nanoseconds{0});
  table.integer("batch", out.batch, 1,
                std::numeric_limits<std::uint32_t>::max());
  table.duration("every", out.every, nanoseconds{1});
  read_code(table, out.code);
  if (auto reason = table.string("reason")) {
    if (auto problem = check_reason(*reason); !problem.empty())
      table.shared().refuse(*reason, std::move(problem));
    else
      out.reason = reason->value;
  }
}

} // namespace

void read_runtime(const value_reader& section, draft& out) {
  table_reader table{section, keys};
  table.integer("shards", out.value.switchboard.runtime.shards, 1, max_shards);
  table.one_of("io", out.value.switchboard.runtime.io, methods);
  if (auto directory = table.string("temporary_directory")) {
    if (directory->value.empty()
        || directory->value.find('\0') != std::string::npos)
      table.shared().refuse(*directory, shown(*directory)
                                            + " is no directory, expected a "
                                              "path");
    else
      out.value.switchboard.runtime.temporary_directory =
          (table.shared().directory / directory->value).string();
  }
  auto& drain = out.value.switchboard.runtime.drain;
  table.duration("drain_timeout", drain.timeout, nanoseconds{0});
  auto nested = table.find("drain");
  if (!nested)
    return;
  read_drain(*nested, drain);
  if (auto* own = nested->node().as_table();
      own != nullptr && own->contains("timeout") && table.has("drain_timeout"))
    table.refuse_key("drain_timeout", "says what drain.timeout says, expected "
                                      "one of the two");
}

} // namespace switchboard::config
