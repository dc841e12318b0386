#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "net/http_call.hpp"
#include "net/loop.hpp"
#include "net/resolver.hpp"
#include "net/task.hpp"

namespace switchboard::net {

/// Whether `http_fetcher` can ask a URL: plain HTTP without credentials, at
/// most 2 KiB.
bool is_fetchable(std::string_view url);

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
  http_fetcher(loop& home, std::shared_ptr<resolver> names);

  /// Ends with the answer or with TCP; the caller sets the deadline, by
  /// destroying the task.
  /// @param what must outlive the task.
  task<http_fetched> fetch(const http_question& what);

private:
  loop& loop_;
  std::shared_ptr<resolver> names_;
  std::shared_ptr<const http_route> route_;
};

} // namespace switchboard::net
