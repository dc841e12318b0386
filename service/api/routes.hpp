#pragma once

#include <charconv>
#include <string>
#include <vector>

#include "service/api/route.hpp"

namespace switchboard::service::api {

// The parts of `routes()`, one a file.

/// Single sockets: list, show, close, send, join and leave groups.
std::vector<route> socket_routes();

/// Sockets that are gone.
std::vector<route> closed_routes();

/// Many sockets at once: broadcast, bulk close; groups.
std::vector<route> bulk_routes();

/// The process: configurations, flows, health, this API's description.
std::vector<route> system_routes();

/// Taking the process out of service.
std::vector<route> drain_routes();

/// Looking at what sockets do.
std::vector<route> tap_routes();

/// Reading the configuration file again.
std::vector<route> reload_routes();

/// The log's levels.
std::vector<route> log_routes();

/// What the query says about which sockets an operation is for.
socket_filter filter_of(const request& from);

/// The parameters that `filter_of` reads.
std::vector<parameter> filter_parameters();

/// Reads a parameter of a number, which was checked; leaves `to` alone where
/// it was left out.
template <class Number>
void read_number(const std::string* from, Number& to) {
  if (from != nullptr)
    std::from_chars(from->data(), from->data() + from->size(), to);
}

/// The `code` and `reason` parameters of the closing operations.
std::vector<parameter> closing_parameters();

/// The code that the query asks to close with.
close_code close_code_of(const request& from);

/// The body as a message: binary for `application/octet-stream`.
/// @returns the refusal of a text that is not UTF-8 in `refusal`.
payload content_of(const request& from, std::optional<answer>& refusal);

} // namespace switchboard::service::api
