#pragma once

#include <string>
#include <utility>
#include <vector>

#include <switchboard/flow_options.hpp>

#include "config/table_reader.hpp"

namespace switchboard::config {

using name_values = std::vector<std::pair<std::string, std::string>>;

// Readers of names and values, given as a table, where an array gives a name
// several values, or as an array of tables `{ key, value }`. Values may be
// secrets: no message repeats one.

/// HTTP headers.
void read_headers(const table_reader& table, std::string_view name,
                  name_values& out);

/// Parameters of a query string.
void read_query_params(const table_reader& table, std::string_view name,
                       name_values& out);

/// Values of the `{name}` in a path or URL: each name once.
void read_uri_params(const table_reader& table, name_values& out);

// The same for the parameters `headers`, `query_params` and `uri_params` of a
// step: values may hold `#[ … ]`, and one may stand for all.

template_pairs read_header_templates(const table_reader& table);
template_pairs read_query_param_templates(const table_reader& table);
template_pairs read_uri_param_templates(const table_reader& table);

/// In lower case, as names of headers and schemes are compared.
std::string lower(std::string_view word);

/// What is wrong with a header's name: completes a message that begins with
/// it. Empty where nothing is.
std::string check_header_name(const text& name);

/// The same for its value (RFC 9110 §5.5).
std::string check_header_value(const text& value);

} // namespace switchboard::config
