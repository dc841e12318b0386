#include "net/http_fetch_reader.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace switchboard::net {

namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t largest_head = 16 * 1024;

} // namespace

struct http_fetch_reader::state {
  /// @returns true.
  bool fail(boost::beast::error_code error) {
    if (error == http::error::body_limit || error == http::error::header_limit)
      problem = "its answer is too large";
    else if (error == http::error::partial_message)
      problem = "it closed before its answer was complete";
    else
      problem = "its answer is no HTTP/1.1";
    return true;
  }

  http::response_parser<http::string_body> parser;
  /// Not parsed yet.
  std::string waiting;
  std::string problem;
};

http_fetch_reader::http_fetch_reader(std::size_t most_bytes)
    : state_(std::make_unique<state>()) {
  state_->parser.header_limit(largest_head);
  state_->parser.body_limit(most_bytes);
  state_->parser.eager(true);
}

http_fetch_reader::~http_fetch_reader() = default;

bool http_fetch_reader::feed(std::string_view bytes) {
  auto& parser = state_->parser;
  auto& waiting = state_->waiting;
  waiting += bytes;
  std::size_t used = 0;
  while (used < waiting.size() && !parser.is_done()) {
    boost::beast::error_code error;
    auto count = parser.put(
        boost::asio::buffer(waiting.data() + used, waiting.size() - used),
        error);
    used += count;
    if (error == http::error::need_more || (!error && count == 0))
      break;
    if (error)
      return state_->fail(error);
  }
  waiting.erase(0, used);
  return parser.is_done();
}

void http_fetch_reader::end() {
  auto& parser = state_->parser;
  if (parser.is_done())
    return;
  boost::beast::error_code error;
  // The parser does not take an end before any beginning.
  if (parser.got_some())
    parser.put_eof(error);
  if (error || !parser.is_done())
    state_->fail(http::error::partial_message);
}

http_fetched http_fetch_reader::take() {
  if (!state_->problem.empty())
    return {{}, std::move(state_->problem)};
  auto& answer = state_->parser.get();
  if (answer.result_int() != 200)
    return {{},
            "it answered with status " + std::to_string(answer.result_int())};
  return {std::move(answer.body()), {}};
}

} // namespace switchboard::net
