#pragma once

#include "config/table_reader.hpp"

namespace switchboard::config {

/// Reads the keys that server and client have in common: max_message_size,
/// ping_interval, compression, subprotocols, send_queue_limit, slow_consumer.
void read_socket_keys(const table_reader& table, server_options& out);
void read_socket_keys(const table_reader& table, client_options& out);

} // namespace switchboard::config
