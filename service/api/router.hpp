#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "service/api/route.hpp"

namespace switchboard::service::api {

/// A route that a request is for.
struct route_match {
  const route* found = nullptr;
  string_pairs path_params;
};

/// No route has the path.
struct no_such_path {};

/// The path has routes, but none of this method.
struct wrong_method {
  /// As in an `Allow` header.
  std::string allowed;
};

/// A path parameter is wrongly encoded or not UTF-8.
struct wrong_encoding {};

using routing =
    std::variant<route_match, no_such_path, wrong_method, wrong_encoding>;

/// Finds the route of a request; HEAD finds the route of GET.
/// @param path as it came, still encoded. No parameter matches an empty
///        segment, and a trailing slash counts.
routing find_route(const std::vector<route>& table, std::string_view method,
                   std::string_view path);

} // namespace switchboard::service::api
