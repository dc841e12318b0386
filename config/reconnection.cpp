#include "config/reconnection.hpp"

#include <algorithm>
#include <limits>

#include <switchboard/close_code.hpp>

#include "config/constants.hpp"

namespace switchboard::config {

namespace {

using std::chrono::nanoseconds;

constexpr key_spec reconnection_keys[] = {
    {"fails_deployment"}, {"strategy"}, {"frequency"},         {"count"},
    {"blocking"},         {"backoff"},  {"final_close_codes"},
};

constexpr key_spec backoff_keys[] = {
    {"factor"},
    {"max"},
    {"jitter"},
};

constexpr named<reconnection_strategy> strategies[] = {
    {"none", reconnection_strategy::none},
    {"reconnect", reconnection_strategy::reconnect},
    {"reconnect-forever", reconnection_strategy::reconnect_forever},
};

std::optional<close_code> read_code(const value_reader& value) {
  std::optional<text> found;
  if (auto* number = value.node().as_integer())
    found = text{std::to_string(number->get()), value.at(), value.key()};
  else
    found = value.string("a close code by name or number");
  if (!found)
    return std::nullopt;
  // Peers may close without a code, which no close frame of ours tells.
  if (found->value == std::to_string(close_codes::no_status))
    return close_codes::no_status;
  if (auto problem = check_close_code(*found); !problem.empty()) {
    value.refuse(std::move(problem));
    return std::nullopt;
  }
  return parse_close_code(found->value);
}

void read_final_close_codes(const table_reader& table,
                            std::vector<close_code>& out) {
  auto value = table.find("final_close_codes");
  auto elements =
      value ? value->array("an array of close codes") : std::nullopt;
  if (!elements)
    return;
  out.clear();
  auto add = [&](close_code code) {
    if (std::find(out.begin(), out.end(), code) == out.end())
      out.push_back(code);
  };
  for (auto& element : *elements)
    if (auto code = read_code(element)) {
      add(*code);
      // Both are called INVALID_DATA.
      if (*code == close_codes::invalid_data && element.node().is_string())
        add(close_codes::unsupported_data);
    }
}

} // namespace

void read_backoff(const value_reader& value, backoff_options& out) {
  table_reader table{value, backoff_keys};
  table.number("factor", out.factor, 1.0, std::numeric_limits<double>::max());
  table.duration("max", out.max, nanoseconds{1});
  table.number("jitter", out.jitter, 0.0, 1.0);
}

reconnection_options read_reconnection(const value_reader& value) {
  table_reader table{value, reconnection_keys};
  reconnection_options out;
  table.boolean("fails_deployment", out.fails_deployment);
  table.one_of("strategy", out.strategy, strategies);
  table.duration("frequency", out.frequency, nanoseconds{1});
  table.integer("count", out.count, 0,
                std::numeric_limits<std::uint32_t>::max());
  table.boolean("blocking", out.blocking);
  if (auto backoff = table.find("backoff"))
    read_backoff(*backoff, out.backoff);
  read_final_close_codes(table, out.final_close_codes);
  return out;
}

std::optional<reconnection_options>
read_reconnection(const table_reader& table) {
  auto value = table.find("reconnection");
  if (!value)
    return std::nullopt;
  return read_reconnection(*value);
}

} // namespace switchboard::config
