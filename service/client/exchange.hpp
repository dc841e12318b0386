#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "service/client/endpoint.hpp"

namespace switchboard::service::client {

/// What the management API is asked.
struct http_question {
  std::string_view method = "GET";
  /// Path and query, encoded.
  std::string target;
  /// Empty: there is no body.
  std::string content_type;
  std::string body;
  /// For the answer to begin and end, the connection included.
  std::chrono::seconds patience{40};
  /// Where it is set: takes the body of a 200 piece by piece as it comes, and
  /// says whether to go on. `patience` is for each piece then.
  std::function<bool(std::string_view)> on_body = {};
};

struct http_answer {
  unsigned status = 0;
  std::string content_type;
  std::string body;
};

/// How the management API is reached.
struct access {
  endpoint where;
  /// Bearer token; empty: none.
  std::string token;
  /// File of certificates that are trusted; empty: the system's.
  std::string trusted;
};

/// Asks once, over a connection of its own. Blocks.
/// @param problem set to why there is no answer.
/// @returns whether there is one.
bool exchange(const access& how, const http_question& what, http_answer& out,
              std::string& problem);

} // namespace switchboard::service::client
