#pragma once

#include "config/table_reader.hpp"

namespace switchboard::config {

/// Reads the keys that server and client have in common: max_message_size,
/// ping_interval, compression, subprotocols, send_queue_limit, slow_consumer,
/// max_message_rate, max_byte_rate, rate_limit_action, max_groups_per_socket.
void read_socket_keys(const table_reader& table, server_options& out);
void read_socket_keys(const table_reader& table, client_options& out);

/// Reads `send_queue_limit` and `slow_consumer` where they stand in place of a
/// configuration's.
send_queue_options read_send_queue(const table_reader& table);

} // namespace switchboard::config
