#include "config/open_step.hpp"

#include "config/constants.hpp"
#include "config/name_values.hpp"
#include "config/reconnection.hpp"
#include "config/socket_keys.hpp"
#include "config/templates.hpp"
#include "config/uri_text.hpp"

namespace switchboard::config {

open_outbound_socket_step read_open_outbound_socket(const table_reader& table) {
  open_outbound_socket_step result;
  result.socket_id = read_template(table, "socket_id", check_socket_id);
  if (auto groups = table.find("default_groups"))
    result.default_groups = read_template_list(*groups, check_group);
  result.headers = read_header_templates(table);
  result.query_params = read_query_param_templates(table);
  auto known = table.shared().found.size();
  result.uri_params = read_uri_param_templates(table);
  // What is wrong or computed may have any name.
  auto names_known = table.shared().found.size() == known
                     && !result.uri_params.from_expression
                     && !table.is_misspelled("uri_params");
  auto check_names = [&](const text& constant) {
    if (names_known)
      for (auto& problem :
           missing_uri_params(constant, result.uri_params.items))
        table.shared().refuse(constant, problem);
  };
  result.path = read_template(table, "path", [&](const text& constant) {
    check_names(constant);
    return check_outbound_path(constant);
  });
  result.url = read_template(table, "url", [&](const text& constant) {
    check_names(constant);
    return check_outbound_url(constant);
  });
  if (table.has("path") && table.has("url"))
    table.refuse_key("path", "stands beside url, expected one of the two");
  result.reconnection = read_reconnection(table);
  result.send_queue = read_send_queue(table);
  return result;
}

} // namespace switchboard::config
