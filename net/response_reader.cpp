#include "net/response_reader.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "net/header_values.hpp"

namespace switchboard::net {

namespace http = boost::beast::http;
using boost::beast::error_code;

namespace {

/// Interim answers that a peer may send before its final one.
constexpr int most_interim = 8;

class answer_parser : public http::basic_parser<false> {
public:
  http_response response;
  int version = 11;

  bool version_too_old(bool takes_http_1_0) const noexcept {
    return version != 11 && !(takes_http_1_0 && version == 10);
  }

private:
  using piece = boost::beast::string_view;

  void on_response_impl(int code, piece reason, int number,
                        error_code&) override {
    response.status = static_cast<unsigned>(code);
    response.reason = reason;
    version = number;
  }

  void on_field_impl(http::field, piece name, piece value,
                     error_code&) override {
    response.headers.emplace_back(name, value);
  }

  void on_request_impl(http::verb, piece, piece, int, error_code&) override {}

  void on_header_impl(error_code&) override {}

  void on_body_init_impl(const boost::optional<std::uint64_t>&,
                         error_code&) override {}

  std::size_t on_body_impl(piece body, error_code&) override {
    response.body += body;
    return body.size();
  }

  void on_chunk_header_impl(std::uint64_t, piece, error_code&) override {}

  std::size_t on_chunk_body_impl(std::uint64_t, piece body,
                                 error_code& failure) override {
    return on_body_impl(body, failure);
  }

  void on_finish_impl(error_code&) override {}
};

} // namespace

std::string_view http_response::header(std::string_view name) const noexcept {
  for (auto& [key, value] : headers)
    if (equal_ignoring_case(key, name))
      return value;
  return {};
}

std::string http_response::joined_header(std::string_view name) const {
  std::string result;
  for (auto& [key, value] : headers)
    if (equal_ignoring_case(key, name))
      result += (result.empty() ? "" : ", ") + value;
  return result;
}

std::size_t http_response::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(headers.begin(), headers.end(), [&](auto& pair) {
        return equal_ignoring_case(pair.first, name);
      }));
}

struct response_reader::state {
  explicit state(const limits& what) : limit(what) {
    limit.max_header_size = std::min<std::size_t>(
        limit.max_header_size, std::numeric_limits<std::uint32_t>::max());
    renew();
  }

  void renew() {
    parser = std::make_unique<answer_parser>();
    parser->header_limit(static_cast<std::uint32_t>(limit.max_header_size));
    parser->body_limit(limit.max_body_size);
    parser->skip(!limit.has_body);
    parser->eager(false);
    taken = 0;
  }

  status parse_head();
  status parse_body();
  status failed(const error_code& why) {
    too_large =
        why == http::error::body_limit || why == http::error::header_limit;
    return status::failed;
  }

  limits limit;
  bool too_large = false;
  std::unique_ptr<answer_parser> parser;
  /// Arrived and not parsed.
  std::string held;
  /// Bytes of the head that were parsed.
  std::size_t taken = 0;
  int interim = 0;
  bool wants_body = false;
  status now = status::need_more;
};

response_reader::status response_reader::state::parse_head() {
  for (;;) {
    error_code failure;
    auto used = parser->put(boost::asio::buffer(held), failure);
    held.erase(0, used);
    taken += used;
    if (failure && failure != http::error::need_more)
      return failed(failure);
    if (taken + (failure ? held.size() : 0) > limit.max_header_size)
      return failed(http::error::header_limit);
    if (parser->version_too_old(limit.takes_http_1_0))
      return status::failed;
    if (!parser->is_header_done())
      return status::need_more;
    auto code = parser->response.status;
    if (code < 100 || code > 599)
      return status::failed;
    if (code >= 200 || code == 101)
      return status::head;
    if (++interim > most_interim)
      return status::failed;
    renew();
  }
}

response_reader::status response_reader::state::parse_body() {
  parser->eager(true);
  while (!parser->is_done()) {
    error_code failure;
    auto used = parser->put(boost::asio::buffer(held), failure);
    held.erase(0, used);
    if (failure == http::error::need_more || (!failure && used == 0))
      return parser->is_done() ? status::complete : status::need_more;
    if (failure)
      return failed(failure);
    if (held.empty() && !parser->is_done())
      return status::need_more;
  }
  return status::complete;
}

response_reader::response_reader(std::size_t max_header_size)
    : response_reader(limits{max_header_size}) {}

response_reader::response_reader(const limits& what)
    : state_(std::make_unique<state>(what)) {}

response_reader::~response_reader() = default;

response_reader::status response_reader::feed(std::string_view bytes) {
  auto& self = *state_;
  self.held += bytes;
  if (self.now == status::need_more)
    self.now = self.wants_body ? self.parse_body() : self.parse_head();
  return self.now;
}

response_reader::status response_reader::want_body() {
  auto& self = *state_;
  if (self.now == status::head) {
    self.wants_body = true;
    self.now = self.parse_body();
  }
  return self.now;
}

response_reader::status response_reader::end() {
  auto& self = *state_;
  if (self.now == status::need_more) {
    error_code failure;
    if (self.wants_body)
      self.parser->put_eof(failure);
    self.now = self.wants_body && !failure ? status::complete : status::failed;
  }
  return self.now;
}

const http_response& response_reader::response() const noexcept {
  return state_->parser->response;
}

bool response_reader::keeps_alive() const noexcept {
  auto& self = *state_;
  return self.now == status::complete && self.held.empty()
         && self.parser->keep_alive() && !self.parser->need_eof();
}

bool response_reader::too_large() const noexcept {
  return state_->too_large;
}

http_response response_reader::take_response() {
  return std::move(state_->parser->response);
}

std::string response_reader::take_rest() {
  return std::move(state_->held);
}

} // namespace switchboard::net
