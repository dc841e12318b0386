#include "net/http_fetch.hpp"

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "net/dial_stream.hpp"
#include "net/happy_eyeballs.hpp"
#include "net/name_lookup.hpp"
#include "net/upgrade_request.hpp"

namespace switchboard::net {

namespace {

namespace http = boost::beast::http;

constexpr std::size_t longest_url = 2048;
constexpr std::uint32_t largest_head = 16 * 1024;

bool is_sendable(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c <= '~'; });
}

bool is_http(std::string_view scheme) noexcept {
  constexpr std::string_view http_scheme = "http";
  return std::equal(scheme.begin(), scheme.end(), http_scheme.begin(),
                    http_scheme.end(),
                    [](char x, char y) { return (x | 0x20) == y; });
}

std::string render(const http_question& what, const http_place& where) {
  auto result = (what.body.empty() ? "GET " : "POST ") + where.target
                + " HTTP/1.1\r\nHost: " + where.authority
                + "\r\nConnection: close\r\nUser-Agent: switchboard\r\n";
  if (!what.body.empty())
    result += "Content-Type: " + what.content_type + "\r\nContent-Length: "
              + std::to_string(what.body.size()) + "\r\n";
  return result + "\r\n" + what.body;
}

/// Beast's parser, fed with what comes.
class answer_reader {
public:
  explicit answer_reader(std::size_t most_bytes) {
    parser_.header_limit(largest_head);
    parser_.body_limit(most_bytes);
    parser_.eager(true);
  }

  /// @returns whether the answer is complete, or wrong.
  bool feed(std::string_view bytes) {
    waiting_ += bytes;
    std::size_t used = 0;
    while (used < waiting_.size() && !parser_.is_done()) {
      boost::beast::error_code error;
      auto count = parser_.put(
          boost::asio::buffer(waiting_.data() + used, waiting_.size() - used),
          error);
      used += count;
      if (error == http::error::need_more || (!error && count == 0))
        break;
      if (error)
        return fail(error);
    }
    waiting_.erase(0, used);
    return parser_.is_done();
  }

  /// The server has sent its last byte.
  void end() {
    if (parser_.is_done())
      return;
    boost::beast::error_code error;
    parser_.put_eof(error);
    if (error || !parser_.is_done())
      fail(http::error::partial_message);
  }

  http_fetched take() {
    if (!problem_.empty())
      return {{}, std::move(problem_)};
    if (parser_.get().result_int() != 200)
      return {{},
              "it answered with status "
                  + std::to_string(parser_.get().result_int())};
    return {std::move(parser_.get().body()), {}};
  }

private:
  bool fail(boost::beast::error_code error) {
    if (error == http::error::body_limit || error == http::error::header_limit)
      problem_ = "its answer is too large";
    else if (error == http::error::partial_message)
      problem_ = "it closed before its answer was complete";
    else
      problem_ = "its answer is no HTTP/1.1";
    return true;
  }

  http::response_parser<http::string_body> parser_;
  std::string waiting_;
  std::string problem_;
};

} // namespace

std::optional<http_place> read_http_url(std::string_view url) {
  if (url.size() > longest_url || !is_sendable(url))
    return std::nullopt;
  auto parsed = boost::urls::parse_uri(url);
  if (!parsed.has_value() || !is_http(std::string{parsed->scheme()})
      || !parsed->has_authority() || parsed->has_userinfo())
    return std::nullopt;
  http_place result;
  result.host = std::string{parsed->host_address()};
  std::string port_text{parsed->port()};
  auto port = read_port(port_text, false);
  if (!port || !is_host_text(result.host))
    return std::nullopt;
  result.port = *port;
  result.authority = std::string{parsed->encoded_host()};
  if (result.port != 80)
    result.authority += ':' + std::to_string(result.port);
  result.target = std::string{parsed->encoded_path()};
  if (result.target.empty())
    result.target = "/";
  if (parsed->has_query())
    result.target += '?' + std::string{parsed->encoded_query()};
  return result;
}

task<http_fetched> http_fetch(loop& home, resolver& names,
                              const http_question& what) {
  auto where = read_http_url(what.url);
  if (!where)
    co_return http_fetched{{}, "its URL cannot be asked"};
  name_lookup lookup{home, names, where->host, where->port};
  auto found = co_await lookup;
  if (found.empty())
    co_return http_fetched{
        {}, "its name cannot be looked up: " + lookup.error().message()};
  happy_eyeballs eyes{home, std::move(found)};
  first_connection first{eyes, {}, {}};
  co_await first;
  if (!first.fd)
    co_return http_fetched{{}, "it cannot be reached (" + first.problem + ")"};
  dial_stream stream{home, std::move(first.fd)};
  auto lost = co_await stream.write(render(what, *where));
  if (!lost.empty())
    co_return http_fetched{{}, "the connection was lost: " + lost};
  answer_reader reader{what.most_bytes};
  for (;;) {
    auto piece = co_await stream.read();
    if (!piece.problem.empty())
      co_return http_fetched{{}, "the connection was lost: " + piece.problem};
    if (piece.bytes.empty())
      reader.end();
    else if (!reader.feed(piece.bytes))
      continue;
    co_return reader.take();
  }
}

} // namespace switchboard::net
