#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "net/handshake.hpp"

namespace switchboard::net {

/// What a peer or a proxy answered.
struct http_response {
  unsigned status = 0;
  std::string reason;
  /// As they came, in wire order.
  header_list headers;
  /// What was read of it, within the reader's limit.
  std::string body;

  /// The first value of a header, names compared without case; empty where
  /// absent.
  std::string_view header(std::string_view name) const noexcept;

  /// All values of a header, joined by ", ".
  std::string joined_header(std::string_view name) const;

  /// How often a header stands there.
  std::size_t count(std::string_view name) const noexcept;
};

/// Parses one answer out of a byte stream, with Beast's parser: the head, and
/// its body where the caller wants it.
class response_reader {
public:
  enum class status {
    need_more,
    /// The head is there.
    head,
    /// The body is there as well, so that another request may follow.
    complete,
    /// No answer of HTTP/1.1, or it is larger than the limits.
    failed,
  };

  /// A larger body is read no further, unless the caller wants more.
  static constexpr std::size_t max_body = 64 * 1024;

  struct limits {
    /// Status line and headers, in bytes.
    std::size_t max_header_size = 16 * 1024;
    /// In bytes; a larger body fails.
    std::size_t max_body_size = max_body;
    /// False for the answer to a HEAD.
    bool has_body = true;
    /// Whether a peer may be of 1996.
    bool takes_http_1_0 = false;
  };

  /// @param max_header_size status line and headers, in bytes.
  explicit response_reader(std::size_t max_header_size);

  explicit response_reader(const limits& what);
  ~response_reader();

  /// Takes bytes as they arrive. Interim answers (RFC 9110 §15.2) but 101 are
  /// passed over. Behind the head, goes on only after `want_body`.
  status feed(std::string_view bytes);

  /// Goes on behind the head.
  status want_body();

  /// The peer has sent its last byte: some bodies end so.
  status end();

  const http_response& response() const noexcept;

  /// Whether another request may follow on the connection, once complete.
  bool keeps_alive() const noexcept;

  /// Whether it failed because the answer is larger than the limits.
  bool too_large() const noexcept;

  /// Gives the answer away, once complete.
  http_response take_response();

  /// What came behind what was parsed.
  std::string take_rest();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace switchboard::net
