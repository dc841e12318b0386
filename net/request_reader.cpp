#include "net/handshake.hpp"

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

/// Origin form only (RFC 9112 §3.2.1): we are no proxy, and what stands for
/// the server as a whole is of no use here.
bool is_origin_form(std::string_view target) noexcept {
  auto allowed = [](char c) {
    return c > ' ' && c <= '~' && c != '#';
  };
  return target.starts_with('/')
         && std::all_of(target.begin(), target.end(), allowed);
}

/// Whether the line's third word looks like a version, just not one of ours.
bool has_wellformed_version(std::string_view head) noexcept {
  auto line = head.substr(0, head.find("\r\n"));
  auto blank = line.rfind(' ');
  if (blank == std::string_view::npos)
    return false;
  auto version = line.substr(blank + 1);
  auto digit = [](char c) {
    return c >= '0' && c <= '9';
  };
  return version.size() == 8 && version.starts_with("HTTP/")
         && digit(version[5]) && version[6] == '.' && digit(version[7]);
}

/// Collects a request's head in wire order.
class head_parser : public http::basic_parser<true> {
public:
  http_request request;

private:
  using piece = boost::beast::string_view;

  void on_request_impl(http::verb, piece method, piece target, int version,
                       error_code&) override {
    request.method = method;
    request.target = target;
    auto mark = request.target.find('?');
    request.path = request.target.substr(0, mark);
    if (mark != std::string::npos)
      request.query = request.target.substr(mark + 1);
    request.version = version == 10 ? "HTTP/1.0" : "HTTP/1.1";
  }

  void on_field_impl(http::field, piece name, piece value,
                     error_code&) override {
    request.headers.emplace_back(name, value);
  }

  void on_response_impl(int, piece, int, error_code&) override {}

  void on_header_impl(error_code&) override {}

  void on_body_init_impl(const boost::optional<std::uint64_t>&,
                         error_code&) override {}

  std::size_t on_body_impl(piece body, error_code&) override {
    return body.size();
  }

  void on_chunk_header_impl(std::uint64_t, piece, error_code&) override {}

  std::size_t on_chunk_body_impl(std::uint64_t, piece body,
                                 error_code&) override {
    return body.size();
  }

  void on_finish_impl(error_code&) override {}
};

} // namespace

std::string_view http_request::header(std::string_view name) const noexcept {
  for (auto& [key, value] : headers)
    if (equal_ignoring_case(key, name))
      return value;
  return {};
}

std::string http_request::joined_header(std::string_view name) const {
  std::string result;
  auto first = true;
  for (auto& [key, value] : headers) {
    if (!equal_ignoring_case(key, name))
      continue;
    if (!std::exchange(first, false))
      result += ", ";
    result += value;
  }
  return result;
}

struct request_reader::state {
  head_parser parser;
  std::size_t limit;
  /// Arrived but not yet taken by the parser.
  std::string held;
  /// Bytes the parser has taken.
  std::size_t taken = 0;
  char last_taken = 0;
  unsigned error = 0;
  bool complete = false;

  unsigned feed(std::string_view text, error_code& failure);
  unsigned error_of(error_code failure, std::string_view text) const;
  bool has_folded_line(std::string_view text);
};

/// Lines folded by a leading blank hide headers from one reader that another
/// one sees (RFC 9112 §5.2); Beast unfolds them.
bool request_reader::state::has_folded_line(std::string_view text) {
  for (auto c : text) {
    if (last_taken == '\n' && (c == ' ' || c == '\t'))
      return true;
    last_taken = c;
  }
  return false;
}

unsigned request_reader::state::error_of(error_code failure,
                                         std::string_view text) const {
  if (failure == http::error::header_limit) {
    // Beast may hold back a whole line until the head is complete.
    auto has_line = !parser.request.target.empty()
                    || text.substr(0, limit).find("\r\n") != text.npos;
    return has_line ? 431 : 414;
  }
  if (failure == http::error::bad_version && has_wellformed_version(text))
    return 505;
  return 400;
}

/// @returns the status to answer with, 0 where none.
unsigned request_reader::state::feed(std::string_view text,
                                     error_code& failure) {
  auto used = parser.put(boost::asio::buffer(text), failure);
  taken += used;
  if (has_folded_line(text.substr(0, used)))
    return 400;
  auto rest = text.substr(used);
  if (failure && failure != http::error::need_more)
    return error_of(failure, rest);
  if (failure) {
    if (taken + rest.size() > limit)
      return error_of(http::error::header_limit, rest);
    held.assign(rest);
  } else if (taken > limit) {
    return error_of(http::error::header_limit, rest);
  }
  if (!parser.request.target.empty() && !is_origin_form(parser.request.target))
    return 400;
  return 0;
}

request_reader::request_reader(std::size_t max_header_size)
    : state_(std::make_unique<state>()) {
  auto limit = std::min<std::size_t>(max_header_size,
                                     std::numeric_limits<std::uint32_t>::max());
  state_->limit = limit;
  state_->parser.header_limit(static_cast<std::uint32_t>(limit));
  state_->parser.body_limit(boost::none);
  state_->parser.eager(false);
}

request_reader::~request_reader() = default;

request_reader::status request_reader::feed(std::span<const std::byte> bytes,
                                            std::size_t& consumed) {
  consumed = 0;
  auto& self = *state_;
  if (self.error != 0)
    return status::failed;
  if (self.complete)
    return status::complete;
  if (bytes.empty())
    return status::need_more;
  auto before = self.taken + self.held.size();
  std::string_view arrived{reinterpret_cast<const char*>(bytes.data()),
                           bytes.size()};
  error_code failure;
  if (self.held.empty()) {
    self.error = self.feed(arrived, failure);
  } else {
    auto text = std::exchange(self.held, {});
    text += arrived;
    self.error = self.feed(text, failure);
  }
  if (self.error != 0)
    return status::failed;
  if (failure) {
    consumed = bytes.size();
    return status::need_more;
  }
  consumed = self.taken - before;
  self.complete = true;
  return status::complete;
}

unsigned request_reader::error_status() const noexcept {
  return state_->error;
}

http_request request_reader::take() {
  return std::move(state_->parser.request);
}

} // namespace switchboard::net
