#include "net/http_fetch.hpp"

#include <algorithm>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "net/dial_stream.hpp"
#include "net/happy_eyeballs.hpp"
#include "net/http_fetch_reader.hpp"
#include "net/name_lookup.hpp"
#include "net/upgrade_request.hpp"

namespace switchboard::net {

namespace {

constexpr std::size_t longest_url = 2048;

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

task<http_fetched> http_fetcher::fetch(const http_question& what) {
  auto where = read_http_url(what.url);
  if (!where)
    co_return http_fetched{{}, "its URL cannot be asked"};
  name_lookup lookup{loop_, names_, where->host, where->port};
  auto found = co_await lookup;
  if (found.empty())
    co_return http_fetched{
        {}, "its name cannot be looked up: " + lookup.error().message()};
  happy_eyeballs eyes{loop_, std::move(found)};
  first_connection first{eyes, {}, {}};
  co_await first;
  if (!first.fd)
    co_return http_fetched{{}, "it cannot be reached (" + first.problem + ")"};
  dial_stream stream{loop_, std::move(first.fd)};
  auto lost = co_await stream.write(render(what, *where));
  if (!lost.empty())
    co_return http_fetched{{}, "the connection was lost: " + lost};
  http_fetch_reader reader{what.most_bytes};
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
