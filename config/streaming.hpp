#pragma once

#include <switchboard/flow_options.hpp>

#include "config/table_reader.hpp"

namespace switchboard::config {

/// Reads the table `streaming` of a flow; what is wrong is reported.
streaming_options read_streaming(const value_reader& value);

} // namespace switchboard::config
