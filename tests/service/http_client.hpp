#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>

namespace switchboard::service::test {

/// What came back. `status` 0: the connection ended without an answer.
struct http_answer {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool keep_alive = false;

  /// Empty where there is none.
  std::string header(std::string_view name) const;

  /// The body; null where it is no JSON.
  boost::json::value json() const;
};

/// A blocking HTTP client on Beast: one connection to `host:port`.
class http_client {
public:
  using header_list = std::vector<std::pair<std::string, std::string>>;

  explicit http_client(const std::string& address);
  ~http_client();

  /// Sends a request and reads its answer; `Host` is the address where
  /// `headers` has none.
  http_answer ask(std::string_view method, const std::string& target,
                  const std::string& body = {},
                  const header_list& headers = {});

  /// Sends bytes as they are.
  void send(std::string_view bytes);

  /// Reads one answer.
  http_answer read(bool of_head = false);

  /// Reads until the server closes.
  /// @returns what came, an answer that is not read included.
  std::string read_to_end();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace switchboard::service::test
