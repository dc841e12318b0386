#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "net/http_fetch.hpp"

namespace switchboard::net {

/// Parses the answer to a fetch, with Beast's parser.
class http_fetch_reader {
public:
  /// @param most_bytes of its body.
  explicit http_fetch_reader(std::size_t most_bytes);
  ~http_fetch_reader();

  /// Takes bytes as they arrive.
  /// @returns whether the answer is complete, or wrong.
  bool feed(std::string_view bytes);

  /// The server has sent its last byte.
  void end();

  /// What it came to.
  http_fetched take();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace switchboard::net
