#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/loop.hpp"
#include "net/resolver.hpp"
#include "net/task.hpp"

namespace switchboard::net {

/// Where a plain HTTP URL leads.
struct http_place {
  /// A name or an address; IPv6 without brackets.
  std::string host;
  std::uint16_t port = 80;
  /// As the header Host tells it.
  std::string authority;
  /// Path and query.
  std::string target;
};

/// @returns `nullopt` for another scheme, for credentials, and for what is
///          longer than 2 KiB or could not be sent.
std::optional<http_place> read_http_url(std::string_view url);

/// What is asked of an HTTP server.
struct http_question {
  std::string url;
  /// Empty: GET, else POST.
  std::string body;
  std::string content_type;
  /// A larger answer is none.
  std::size_t most_bytes = 0;
};

struct http_fetched {
  /// Of an answer with status 200.
  std::string body;
  /// Why there is none; else empty.
  std::string problem;
};

/// Asks HTTP servers from a loop, each question on a connection of its own;
/// follows no redirect.
class http_fetcher {
public:
  http_fetcher(loop& home, resolver& names) : loop_(home), names_(names) {}

  /// Ends with the answer or with TCP; the caller sets the deadline.
  /// @param what must outlive the task.
  task<http_fetched> fetch(const http_question& what);

private:
  loop& loop_;
  resolver& names_;
};

} // namespace switchboard::net
