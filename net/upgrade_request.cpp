#include "net/upgrade_request.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "net/header_values.hpp"

namespace switchboard::net {

namespace {

std::string lower(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::uint16_t default_port(bool secure) noexcept {
  return secure ? 443 : 80;
}

} // namespace

std::string make_upgrade_key() {
  std::array<unsigned char, 16> bytes;
  RAND_bytes(bytes.data(), bytes.size());
  // 24 digits and the terminating zero.
  std::array<unsigned char, 25> encoded;
  auto size = EVP_EncodeBlock(encoded.data(), bytes.data(), bytes.size());
  return {reinterpret_cast<const char*>(encoded.data()),
          static_cast<std::size_t>(size)};
}

std::string authority_of(const dial_target& target, bool with_default_port) {
  auto v6 = target.host.find(':') != std::string::npos;
  auto result = v6 ? "[" + target.host + "]" : target.host;
  if (with_default_port || target.port != default_port(target.secure))
    result += ":" + std::to_string(target.port);
  return result;
}

std::string render(const upgrade_request& request) {
  std::string result = "GET " + request.target.request_uri + " HTTP/1.1\r\n";
  auto append = [&](const std::string& name, const std::string& value) {
    result += request.preserve_case ? name : lower(name);
    result += ": " + value + "\r\n";
  };
  auto own_host = std::any_of(
      request.headers.begin(), request.headers.end(),
      [](auto& pair) { return equal_ignoring_case(pair.first, "Host"); });
  if (!own_host)
    append("Host", authority_of(request.target, false));
  append("Upgrade", "websocket");
  append("Connection", "Upgrade");
  append("Sec-WebSocket-Key", request.key);
  append("Sec-WebSocket-Version", "13");
  std::string names;
  for (auto& name : request.subprotocols)
    names += (names.empty() ? "" : ", ") + name;
  if (!names.empty())
    append("Sec-WebSocket-Protocol", names);
  if (!request.extensions.empty())
    append("Sec-WebSocket-Extensions", request.extensions);
  for (auto& [name, value] : request.headers)
    append(name, value);
  return result + "\r\n";
}

std::string judge_upgrade_answer(const http_response& answer,
                                 const upgrade_request& request,
                                 const compression_options& compression,
                                 upgrade_agreement& agreed) {
  if (!equal_ignoring_case(answer.header("Upgrade"), "websocket"))
    return "its answer has no Upgrade: websocket";
  if (!list_has_token(answer.joined_header("Connection"), "upgrade"))
    return "its answer has no Connection: Upgrade";
  if (answer.count("Sec-WebSocket-Accept") != 1
      || answer.header("Sec-WebSocket-Accept") != accept_key(request.key))
    return "its Sec-WebSocket-Accept does not belong to our key";
  auto chosen = answer.header("Sec-WebSocket-Protocol");
  auto& offered = request.subprotocols;
  if (answer.count("Sec-WebSocket-Protocol") > 1
      || (!chosen.empty()
          && std::find(offered.begin(), offered.end(), chosen)
                 == offered.end()))
    return "it chose a subprotocol that was not offered";
  auto valid = true;
  agreed.compression = read_deflate_answer(
      answer.joined_header("Sec-WebSocket-Extensions"), compression, valid);
  if (!valid)
    return "it answered with an extension or a parameter that was not offered";
  agreed.subprotocol = chosen;
  return {};
}

std::optional<std::uint16_t> read_port(std::string_view text,
                                       bool secure) noexcept {
  if (text.empty())
    return default_port(secure);
  std::uint16_t result = 0;
  auto [end, failure] =
      std::from_chars(text.data(), text.data() + text.size(), result);
  if (failure != std::errc{} || end != text.data() + text.size() || result == 0)
    return std::nullopt;
  return result;
}

bool is_host_text(std::string_view host) noexcept {
  return !host.empty() && host.size() <= 255
         && std::all_of(host.begin(), host.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9') || c == '-' || c == '.'
                     || c == '_' || c == ':';
            });
}

bool same_origin(const dial_target& x, const dial_target& y) noexcept {
  return x.secure == y.secure && x.port == y.port
         && equal_ignoring_case(x.host, y.host);
}

std::optional<dial_target> follow_redirect(const dial_target& from,
                                           std::string_view location,
                                           std::string& problem) {
  problem.clear();
  auto reference = boost::urls::parse_uri_reference(
      boost::urls::string_view{location.data(), location.size()});
  // Parsed in place: what is found in it are views.
  auto from_text = (from.secure ? "wss://" : "ws://") + authority_of(from, true)
                   + from.request_uri;
  auto base = boost::urls::parse_uri(from_text);
  boost::urls::url resolved;
  if (!reference || !base || location.empty()
      || !boost::urls::resolve(*base, *reference, resolved)) {
    problem = "the place cannot be read";
    return std::nullopt;
  }
  std::string scheme{resolved.scheme()};
  dial_target result;
  result.secure = equal_ignoring_case(scheme, "wss")
                  || equal_ignoring_case(scheme, "https");
  if (!result.secure && !equal_ignoring_case(scheme, "ws")
      && !equal_ignoring_case(scheme, "http"))
    problem = "the place is no WebSocket's";
  else if (from.secure && !result.secure)
    problem = "it leads from WSS to WS";
  std::string port_text{resolved.port()};
  auto port = read_port(port_text, result.secure);
  if (problem.empty()
      && (!port || !is_host_text(resolved.host_address())
          || resolved.has_userinfo()))
    problem = "the place cannot be read";
  if (!problem.empty())
    return std::nullopt;
  result.host = resolved.host_address();
  result.port = *port;
  result.request_uri = std::string{resolved.encoded_path()};
  if (!result.request_uri.starts_with('/'))
    result.request_uri.insert(0, "/");
  if (resolved.has_query())
    result.request_uri += "?" + std::string{resolved.encoded_query()};
  return result;
}

} // namespace switchboard::net
