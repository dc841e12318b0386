#include <limits>

#include "config/addresses.hpp"
#include "config/constants.hpp"
#include "config/encoding.hpp"
#include "config/flow_policy.hpp"
#include "config/reconnection.hpp"
#include "config/sections.hpp"
#include "config/socket_keys.hpp"
#include "config/steps.hpp"
#include "config/streaming.hpp"
#include "config/templates.hpp"

namespace switchboard::config {

namespace {

constexpr std::string_view expected_every =
    R"(a duration such as "250ms" or "15min" longer than 0)";

constexpr key_spec keys[] = {
    {"name", presence::required, "a unique name"},
    {"source"},
    {"config"},
    {"path"},
    {"default_groups"},
    {"output_mime_type"},
    {"output_encoding"},
    {"primary_node_only"},
    {"streaming"},
    {"redelivery"},
    {"retry"},
    {"dead_letter"},
    {"reconnection"},
    {"send_queue_limit"},
    {"slow_consumer"},
    {"max_concurrency"},
    {"timeout"},
    {"every"},
    {"steps"},
    {"on_error"},
};

constexpr named<flow_source> sources[] = {
    {"inbound-listener", flow_source::inbound_listener},
    {"on-inbound-connection", flow_source::on_inbound_connection},
    {"on-socket-closed", flow_source::on_socket_closed},
    {"outbound-listener", flow_source::outbound_listener},
    {"startup", flow_source::startup},
    {"schedule", flow_source::schedule},
};

constexpr unsigned bit(flow_source source) {
  return 1u << static_cast<unsigned>(source);
}

constexpr auto of_sockets =
    bit(flow_source::inbound_listener) | bit(flow_source::on_inbound_connection)
    | bit(flow_source::on_socket_closed) | bit(flow_source::outbound_listener);

constexpr auto of_messages =
    bit(flow_source::inbound_listener) | bit(flow_source::outbound_listener);

constexpr auto of_any =
    of_sockets | bit(flow_source::startup) | bit(flow_source::schedule);

/// A key that only some sources know.
struct source_key {
  std::string_view name;
  unsigned sources;
};

constexpr source_key source_keys[] = {
    {"config", of_any},
    {"path", of_sockets},
    {"default_groups", bit(flow_source::inbound_listener)},
    {"output_mime_type", of_messages},
    {"output_encoding", of_messages},
    {"streaming", of_messages},
    {"primary_node_only", of_any},
    {"reconnection", of_sockets},
    {"send_queue_limit", of_messages},
    {"slow_consumer", of_messages},
    {"redelivery", of_sockets},
    {"retry", of_any},
    {"dead_letter", of_any},
    {"max_concurrency", of_sockets},
    {"timeout", of_any},
    {"every", bit(flow_source::schedule)},
};

std::string names_of(unsigned set) {
  std::vector<std::string> names;
  for (auto& source : sources)
    if (source.value && (set & bit(*source.value)) != 0)
      names.emplace_back(source.name);
  return listed(names);
}

void check_source_keys(const table_reader& table, flow_source source) {
  for (auto& key : source_keys)
    if (table.has(key.name) && (key.sources & bit(source)) == 0)
      table.refuse_key(key.name,
                       "has no effect here, expected it only with source "
                           + names_of(key.sources));
  if (source == flow_source::schedule && !table.has("every")
      && !table.is_misspelled("every"))
    table.shared().report(table.at(), table.key_of("every"),
                          "is missing, expected "
                              + std::string{expected_every});
}

void read_path(const table_reader& table, flow_options& options,
               flow_draft& notes) {
  notes.path_at = table.at();
  auto value = table.find("path");
  if (table.is_misspelled("path"))
    return;
  if (!value) {
    notes.path = path_pattern::parse(options.path);
    return;
  }
  notes.path_at = value->at();
  auto path = read_constant(*value, R"(a path such as "/chat/{room}")");
  if (!path)
    return;
  if (auto problem = check_path(*path); !problem.empty())
    return value->refuse(std::move(problem));
  notes.path = path_pattern::parse(path->value);
  options.path = notes.path->text();
}

void read_output(const table_reader& table, flow_options& options) {
  if (auto type = table.string("output_mime_type")) {
    if (is_mime_type(type->value))
      options.output_mime_type = type->value;
    else
      table.shared().refuse(*type, shown(*type)
                                       + " is no MIME type, expected one such "
                                         "as \"application/json\"");
  }
  if (auto encoding = table.string("output_encoding")) {
    if (is_encoding(encoding->value))
      options.output_encoding = encoding->value;
    else
      table.shared().refuse(*encoding, shown(*encoding)
                                           + " is no known encoding, expected "
                                             "one such as \"UTF-8\" or "
                                             "\"ISO-8859-1\"");
  }
}

void read_flow(const value_reader& value, draft& out) {
  table_reader table{value, keys, "a table [[flow]]"};
  flow_options options;
  flow_draft notes;
  options.at = value.at();
  notes.key = value.key();
  if (auto name = table.find("name"))
    if ((notes.name = read_constant(*name, "a unique name")))
      options.name = notes.name->value;
  if (auto source = table.find("source"))
    notes.source = table_reader::read_one_of(*source, sources);
  else if (table.is_misspelled("source"))
    notes.source.reset();
  if (notes.source) {
    options.source = *notes.source;
    check_source_keys(table, options.source);
  }
  if (auto config = table.find("config")) {
    notes.config = read_constant(*config, "the name of a [websocket.NAME]");
    notes.config_wrong = !notes.config;
    if (notes.config)
      options.config = notes.config->value;
  } else {
    notes.config_wrong = table.is_misspelled("config");
  }
  read_path(table, options, notes);
  read_default_groups(table, options.default_groups);
  read_output(table, options);
  auto primary_only = false;
  if (table.boolean("primary_node_only", primary_only) && primary_only)
    table.find("primary_node_only")
        ->refuse("true is not available yet, expected false");
  if (auto streaming = table.find("streaming"))
    options.streaming = read_streaming(*streaming);
  options.reconnection = read_reconnection(table);
  options.send_queue = read_send_queue(table);
  table.duration("every", options.every, std::chrono::nanoseconds{1});
  table.integer("max_concurrency", options.max_concurrency, 1,
                std::numeric_limits<std::int32_t>::max());
  table.duration("timeout", options.timeout, std::chrono::nanoseconds{1});
  read_flow_policy(table, options, notes);
  if (options.streaming
      && options.streaming->type == streaming_options::kind::non_repeatable
      && (options.redelivery || options.retry || options.dead_letter))
    table.refuse_key("streaming",
                     "is read once, expected another type beside redelivery, "
                     "retry or dead_letter");
  if (auto steps = table.find("steps"))
    options.steps = read_steps(*steps, notes);
  if (auto steps = table.find("on_error"))
    options.on_error = read_steps(*steps, notes);
  for (auto& name : notes.http_tls)
    out.tls_uses.push_back({name, false});
  out.value.flows.push_back(std::move(options));
  out.flows.push_back(std::move(notes));
}

} // namespace

void read_flows(const value_reader& section, draft& out) {
  auto elements = section.array("tables [[flow]]");
  if (!elements)
    return;
  for (auto& element : *elements)
    read_flow(element, out);
}

} // namespace switchboard::config
