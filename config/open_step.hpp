#pragma once

#include <switchboard/flow_options.hpp>

#include "config/table_reader.hpp"

namespace switchboard::config {

inline constexpr key_spec open_outbound_socket_keys[] = {
    {"config"},       {"socket_id"},        {"default_groups"}, {"path"},
    {"url"},          {"headers"},          {"query_params"},   {"uri_params"},
    {"reconnection"}, {"send_queue_limit"}, {"slow_consumer"},
};

/// Reads the parameters of the step open_outbound_socket but for `config`.
open_outbound_socket_step read_open_outbound_socket(const table_reader& table);

} // namespace switchboard::config
