#include "net/http_call.hpp"

#include <algorithm>
#include <array>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "net/header_values.hpp"
#include "net/upgrade_request.hpp"

namespace switchboard::net {

namespace {

/// Nothing that anybody asks for is longer.
constexpr std::size_t max_request_uri = 8 * 1024;

template <std::size_t N>
bool is_one_of(std::string_view name,
               const std::array<std::string_view, N>& known) noexcept {
  return std::any_of(known.begin(), known.end(), [&](auto other) {
    return equal_ignoring_case(other, name);
  });
}

} // namespace

std::optional<dial_target> read_http_url(const std::string& url,
                                         std::string& problem) {
  problem.clear();
  auto parsed = boost::urls::parse_uri(url);
  if (!parsed) {
    problem = "it cannot be read, expected http://host:port/path";
    return std::nullopt;
  }
  dial_target result;
  std::string scheme{parsed->scheme()};
  result.secure = equal_ignoring_case(scheme, "https");
  if (!result.secure && !equal_ignoring_case(scheme, "http"))
    problem = "its scheme is neither http nor https";
  else if (parsed->has_userinfo())
    problem = "it holds credentials, which belong into a header";
  else if (!is_host_text(parsed->host_address()))
    problem = "it names no host, or none that can be looked up";
  std::string port_text{parsed->port()};
  auto port = read_port(port_text, result.secure);
  if (problem.empty() && !port)
    problem = "its port is none";
  result.request_uri = std::string{parsed->encoded_path()};
  if (!result.request_uri.starts_with('/'))
    result.request_uri.insert(0, "/");
  if (parsed->has_query())
    result.request_uri += "?" + std::string{parsed->encoded_query()};
  if (problem.empty() && result.request_uri.size() > max_request_uri)
    problem = "it is too long";
  if (!problem.empty())
    return std::nullopt;
  result.host = std::string{parsed->host_address()};
  result.port = *port;
  return result;
}

bool is_framing_header(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 9> known{
      "Connection",       "Content-Length",    "Expect", "Host",   "Keep-Alive",
      "Proxy-Connection", "Transfer-Encoding", "TE",     "Upgrade"};
  return is_one_of(name, known);
}

bool is_idempotent(std::string_view method) noexcept {
  // Methods are compared with case (RFC 9110 §9.1).
  constexpr std::array<std::string_view, 6> known{"GET",    "HEAD",    "PUT",
                                                  "DELETE", "OPTIONS", "TRACE"};
  return std::find(known.begin(), known.end(), method) != known.end();
}

std::string render_head(const http_call& call) {
  auto result = call.method + " " + call.target.request_uri
                + " HTTP/1.1\r\nhost: " + authority_of(call.target, false)
                + "\r\n";
  for (auto& [name, value] : call.headers)
    result += name + ": " + value + "\r\n";
  auto size = call.body_size();
  // A method that has a body says that it is empty (RFC 9110 §8.6).
  if (size > 0
      || (call.method != "GET" && call.method != "HEAD"
          && call.method != "OPTIONS" && call.method != "DELETE"))
    result += "content-length: " + std::to_string(size) + "\r\n";
  return result + "\r\n";
}

} // namespace switchboard::net
