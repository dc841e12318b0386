#include "net/handshake.hpp"

#include <algorithm>
#include <array>

#include <boost/beast/http/status.hpp>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <switchboard/path_pattern.hpp>

#include "net/header_values.hpp"
#include "net/wildcard.hpp"

namespace switchboard::net {

namespace {

constexpr std::string_view supported_version = "13";

std::size_t count_headers(const http_request& request, std::string_view name) {
  return static_cast<std::size_t>(std::count_if(
      request.headers.begin(), request.headers.end(),
      [&](auto& header) { return equal_ignoring_case(header.first, name); }));
}

http_rejection bad_request(std::string detail) {
  return {400, std::move(detail), {}};
}

/// Sixteen bytes in base64: 22 digits and the padding.
bool is_key(std::string_view text) noexcept {
  auto digit = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  return text.size() == 24 && text.ends_with("==")
         && std::all_of(text.begin(), text.end() - 2, digit);
}

/// Host and port as far as they matter here: nothing in it that would make
/// two readers see two hosts.
bool is_host(std::string_view text) noexcept {
  constexpr std::string_view refused = "/?#@,\\<>\"";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return c > ' ' && c <= '~' && refused.find(c) == std::string_view::npos;
  });
}

bool has_body(const http_request& request) noexcept {
  for (auto& [name, value] : request.headers) {
    if (equal_ignoring_case(name, "Transfer-Encoding"))
      return true;
    if (equal_ignoring_case(name, "Content-Length")
        && (value.empty() || value.find_first_not_of('0') != std::string::npos))
      return true;
  }
  return false;
}

/// A comma-separated list of different tokens, none empty (RFC 6455 §4.1).
bool read_subprotocols(std::string_view list,
                       std::vector<std::string>& result) {
  for (;;) {
    auto comma = list.find(',');
    auto token = trim_blanks(list.substr(0, comma));
    if (!is_token(token)
        || std::find(result.begin(), result.end(), token) != result.end())
      return false;
    result.emplace_back(token);
    if (comma == std::string_view::npos)
      return true;
    list.remove_prefix(comma + 1);
  }
}

void append_header(std::string& out, std::string_view name,
                   std::string_view value) {
  if (!is_token(name) || !is_header_value(value))
    return;
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

} // namespace

std::optional<http_rejection> judge_upgrade(const http_request& request,
                                            upgrade_terms& terms) {
  terms = {};
  if (!list_has_token(request.joined_header("Upgrade"), "websocket")
      || !list_has_token(request.joined_header("Connection"), "upgrade"))
    return http_rejection{
        426,
        "This address speaks WebSocket only.",
        {{"Upgrade", "websocket"},
         {"Connection", "Upgrade"},
         {"Sec-WebSocket-Version", std::string{supported_version}}}};
  if (request.method != "GET")
    return http_rejection{
        405, "A WebSocket is opened with GET.", {{"Allow", "GET"}}};
  if (request.version != "HTTP/1.1")
    return bad_request("A WebSocket needs HTTP/1.1.");
  if (!request.target.starts_with('/'))
    return bad_request("The request target must be a path.");
  if (count_headers(request, "Host") != 1 || !is_host(request.header("Host")))
    return bad_request("The request needs one valid Host header.");
  if (has_body(request))
    return bad_request("An upgrade request has no body.");
  if (request.joined_header("Sec-WebSocket-Version") != supported_version)
    return http_rejection{
        426,
        "This address speaks WebSocket version 13 only.",
        {{"Upgrade", "websocket"},
         {"Connection", "Upgrade"},
         {"Sec-WebSocket-Version", std::string{supported_version}}}};
  if (count_headers(request, "Sec-WebSocket-Key") != 1
      || !is_key(request.header("Sec-WebSocket-Key")))
    return bad_request("The request needs one Sec-WebSocket-Key of 16 bytes "
                       "in base64.");
  if (count_headers(request, "Sec-WebSocket-Protocol") != 0
      && !read_subprotocols(request.joined_header("Sec-WebSocket-Protocol"),
                            terms.subprotocols))
    return bad_request("Sec-WebSocket-Protocol must list different tokens.");
  terms.key = request.header("Sec-WebSocket-Key");
  terms.extensions = request.joined_header("Sec-WebSocket-Extensions");
  return std::nullopt;
}

bool origin_allowed(std::string_view origin,
                    const std::vector<std::string>& patterns) noexcept {
  return patterns.empty()
         || std::any_of(patterns.begin(), patterns.end(), [&](auto& pattern) {
              return matches_wildcards(origin, pattern);
            });
}

std::string choose_subprotocol(const std::vector<std::string>& ours,
                               const std::vector<std::string>& offered) {
  for (auto& name : ours)
    if (std::find(offered.begin(), offered.end(), name) != offered.end())
      return name;
  return {};
}

std::string accept_key(std::string_view key) {
  std::string text{key};
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       digest.data());
  // 28 digits and the terminating zero.
  std::array<unsigned char, 29> encoded;
  auto size = EVP_EncodeBlock(encoded.data(), digest.data(),
                              static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(encoded.data()),
          static_cast<std::size_t>(size)};
}

std::string render_upgrade_response(std::string_view key,
                                    std::string_view subprotocol,
                                    std::string_view extensions) {
  std::string result = "HTTP/1.1 101 Switching Protocols\r\n"
                       "Upgrade: websocket\r\n"
                       "Connection: Upgrade\r\n";
  append_header(result, "Sec-WebSocket-Accept", accept_key(key));
  if (is_token(subprotocol))
    append_header(result, "Sec-WebSocket-Protocol", subprotocol);
  if (!extensions.empty())
    append_header(result, "Sec-WebSocket-Extensions", extensions);
  result += "\r\n";
  return result;
}

std::string render_rejection(const http_rejection& rejection,
                             bool head_request) {
  auto body = rejection.detail;
  if (!body.empty())
    body += '\n';
  std::string connection = "close";
  std::string result = "HTTP/1.1 ";
  result += std::to_string(rejection.status);
  result += ' ';
  result += boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(rejection.status));
  result += "\r\n";
  for (auto& [name, value] : rejection.headers) {
    if (!equal_ignoring_case(name, "Connection"))
      append_header(result, name, value);
    else if (is_header_value(value))
      connection = value + ", " + connection;
  }
  append_header(result, "Connection", connection);
  append_header(result, "Content-Type", "text/plain; charset=utf-8");
  append_header(result, "Content-Length", std::to_string(body.size()));
  append_header(result, "X-Content-Type-Options", "nosniff");
  result += "\r\n";
  if (!head_request)
    result += body;
  return result;
}

header_list parse_query(std::string_view query) {
  auto decode = [](std::string_view text) {
    std::string blanks{text};
    std::replace(blanks.begin(), blanks.end(), '+', ' ');
    return percent_decode(blanks);
  };
  header_list result;
  while (!query.empty()) {
    auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty())
      continue;
    auto name = pair.substr(0, pair.find('='));
    auto value = pair.substr(std::min(name.size() + 1, pair.size()));
    result.emplace_back(decode(name), decode(value));
  }
  return result;
}

} // namespace switchboard::net
