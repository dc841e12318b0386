#include "config/flow_policy.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "config/constants.hpp"
#include "config/digests.hpp"
#include "config/http_step.hpp"
#include "config/reconnection.hpp"
#include "config/templates.hpp"

namespace switchboard::config {

namespace {

constexpr key_spec redelivery_keys[] = {
    {"max_redelivery_count"}, {"message_digest_algorithm"},
    {"use_secure_hash"},      {"id_expression"},
    {"object_store"},
};

constexpr key_spec retry_keys[] = {
    {"count"},
    {"frequency"},
    {"backoff"},
};

constexpr key_spec dead_letter_keys[] = {
    {"flow"},
    {"group"},
    {"http_request"},
};

std::string check_id_expression(const text& constant) {
  return shown(constant)
         + " is the same for every message, expected one with `#[ … ]`";
}

/// What tells messages: a digest, or an expression in its place.
void read_identity(const table_reader& table, flow_source source,
                   redelivery_options& out) {
  auto by_expression = table.has("id_expression");
  auto by_digest = !by_expression;
  if (table.boolean("use_secure_hash", by_digest)
      && by_digest == by_expression) {
    table.refuse_key("use_secure_hash",
                     by_digest ? "stands beside id_expression, expected one of "
                                 "the two"
                               : "is false, so nothing tells one message from "
                                 "another, expected id_expression beside it");
    return;
  }
  out.id_expression =
      read_template(table, "id_expression", check_id_expression);
  if (auto name = table.string("message_digest_algorithm")) {
    auto problem = by_expression ? "has no effect beside id_expression, "
                                   "expected one of the two"
                                 : check_digest(*name);
    if (problem.empty())
      out.message_digest_algorithm = name->value;
    else
      table.shared().refuse(*name, std::move(problem));
  }
  if ((source == flow_source::on_inbound_connection
       || source == flow_source::on_socket_closed)
      && !by_expression && !table.is_misspelled("id_expression"))
    table.shared().report(table.at(), table.key_of("id_expression"),
                          "is missing, expected it with this source, whose "
                          "events have no content to tell them by");
}

void read_redelivery(const value_reader& value, flow_options& options,
                     flow_draft& notes) {
  table_reader table{value, redelivery_keys};
  auto& out = options.redelivery.emplace();
  out.at = value.at();
  table.integer("max_redelivery_count", out.max_redelivery_count, -1,
                std::numeric_limits<std::int32_t>::max());
  read_identity(table, options.source, out);
  if (auto name = table.string("object_store")) {
    out.object_store = name->value;
    notes.object_stores.push_back(std::move(*name));
  }
}

void read_retry(const value_reader& value, flow_options& options) {
  table_reader table{value, retry_keys};
  auto& out = options.retry.emplace();
  table.integer("count", out.count, 1,
                std::numeric_limits<std::int32_t>::max());
  table.duration("frequency", out.frequency, std::chrono::nanoseconds{1});
  if (auto backoff = table.find("backoff"))
    read_backoff(*backoff, out.backoff);
}

void read_dead_letter(const value_reader& value, flow_options& options,
                      flow_draft& notes) {
  table_reader table{value, dead_letter_keys};
  std::string_view first;
  for (auto& key : dead_letter_keys) {
    if (!table.has(key.name))
      continue;
    if (first.empty())
      first = key.name;
    else
      table.refuse_key(key.name, "stands beside " + std::string{first}
                                     + ", expected one of the three");
  }
  if (first.empty() && !table.has_refused())
    value.refuse("names nobody, expected one of flow, group or http_request");
  auto take = [&](auto to) {
    if (!options.dead_letter)
      options.dead_letter = dead_letter_options{std::move(to), value.at()};
  };
  if (auto flow = table.find("flow"))
    if (auto name = read_constant(*flow, "the name of a flow")) {
      notes.flow_refs.push_back(*name);
      take(flow_ref_step{name->value});
    }
  if (auto group = read_template(table, "group", check_group))
    take(dead_letter_group{std::move(*group)});
  if (auto asked = table.find("http_request"))
    if (auto step = read_http_request(*asked, notes))
      take(std::move(*step));
}

} // namespace

void read_flow_policy(const table_reader& table, flow_options& options,
                      flow_draft& notes) {
  if (auto value = table.find("redelivery"))
    read_redelivery(*value, options, notes);
  if (auto value = table.find("retry"))
    read_retry(*value, options);
  if (auto value = table.find("dead_letter"))
    read_dead_letter(*value, options, notes);
}

} // namespace switchboard::config
