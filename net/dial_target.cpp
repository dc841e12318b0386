#include <algorithm>
#include <array>
#include <limits>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <switchboard/path_pattern.hpp>

#include "net/dial.hpp"
#include "net/header_values.hpp"
#include "net/upgrade_request.hpp"

namespace switchboard::net {

namespace {

/// Nothing that anybody dials is longer.
constexpr std::size_t max_request_uri = 8 * 1024;

bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'
         || c == '~';
}

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (auto c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 0x0F];
  }
}

/// Puts the uri parameters into `{name}`, percent-encoded.
std::optional<std::string>
fill(std::string_view text, const header_list& params, std::string& problem) {
  std::string result;
  while (!text.empty()) {
    auto open = text.find('{');
    result += text.substr(0, open);
    if (open == std::string_view::npos)
      break;
    auto close = text.find('}', open);
    if (close == std::string_view::npos) {
      problem = "a `{` is not closed";
      return std::nullopt;
    }
    auto name = text.substr(open + 1, close - open - 1);
    auto found = std::find_if(params.begin(), params.end(),
                              [&](auto& pair) { return pair.first == name; });
    if (found == params.end()) {
      problem = "no uri parameter is called `" + std::string{name} + "`";
      return std::nullopt;
    }
    append_encoded(result, found->second);
    text.remove_prefix(close + 1);
  }
  return result;
}

/// Adds query parameters to a request's target; the call's replace defaults
/// of the same name.
void append_query(std::string& uri, const header_list& defaults,
                  const header_list& own) {
  auto separator = uri.find('?') == std::string::npos ? '?' : '&';
  if (uri.ends_with('?') || uri.ends_with('&'))
    separator = '\0';
  auto append = [&](auto& pair) {
    if (separator != '\0')
      uri += separator;
    separator = '&';
    append_encoded(uri, pair.first);
    uri += '=';
    append_encoded(uri, pair.second);
  };
  for (auto& pair : defaults)
    if (std::none_of(own.begin(), own.end(),
                     [&](auto& other) { return other.first == pair.first; }))
      append(pair);
  for (auto& pair : own)
    append(pair);
}

/// Whether the handshake, and nobody else, sets a header.
bool is_ours(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 10> names{"connection",
                                                   "content-length",
                                                   "expect",
                                                   "sec-websocket-accept",
                                                   "sec-websocket-extensions",
                                                   "sec-websocket-key",
                                                   "sec-websocket-protocol",
                                                   "sec-websocket-version",
                                                   "transfer-encoding",
                                                   "upgrade"};
  return std::any_of(names.begin(), names.end(), [&](auto known) {
    return equal_ignoring_case(known, name);
  });
}

bool merge_headers(const header_list& defaults, const header_list& own,
                   header_list& out, std::string& problem) {
  auto add = [&](auto& pair) {
    if (!is_token(pair.first))
      problem = "a header's name is no token";
    else if (is_ours(pair.first))
      problem = "the header " + pair.first + " belongs to the handshake";
    else if (!is_header_value(pair.second))
      problem = "the value of the header " + pair.first + " cannot be sent";
    else
      out.push_back(pair);
    return problem.empty();
  };
  for (auto& pair : defaults)
    if (std::none_of(own.begin(), own.end(), [&](auto& other) {
          return equal_ignoring_case(other.first, pair.first);
        }))
      if (!add(pair))
        return false;
  return std::all_of(own.begin(), own.end(), add);
}

std::optional<dial_target> read_url(const std::string& url,
                                    std::string& problem) {
  auto parsed = boost::urls::parse_uri(url);
  if (!parsed) {
    problem = "the url cannot be read, expected ws://host:port/path";
    return std::nullopt;
  }
  dial_target result;
  result.secure = equal_ignoring_case(std::string{parsed->scheme()}, "wss");
  if (!result.secure
      && !equal_ignoring_case(std::string{parsed->scheme()}, "ws"))
    problem = "the url's scheme is neither ws nor wss";
  else if (parsed->has_userinfo())
    problem = "the url holds credentials; they belong into the "
              "configuration's authentication";
  else if (parsed->has_fragment())
    problem = "the url of a WebSocket has no fragment";
  else if (!is_host_text(parsed->host_address()))
    problem = "the url names no host, or none that can be looked up";
  std::string port_text{parsed->port()};
  auto port = read_port(port_text, result.secure);
  if (problem.empty() && !port)
    problem = "the url's port is none";
  if (!problem.empty())
    return std::nullopt;
  result.host = std::string{parsed->host_address()};
  result.port = *port;
  result.request_uri = std::string{parsed->encoded_path()};
  if (result.request_uri.empty())
    result.request_uri = "/";
  if (parsed->has_query())
    result.request_uri += "?" + std::string{parsed->encoded_query()};
  return result;
}

bool is_request_uri(std::string_view text) noexcept {
  return text.size() <= max_request_uri && text.starts_with('/')
         && std::all_of(text.begin(), text.end(),
                        [](char c) { return c > ' ' && c <= '~' && c != '#'; });
}

} // namespace

std::optional<dial_target> make_dial_target(const client_options& client,
                                            const outbound_options& call,
                                            header_list& headers,
                                            std::string& relative_path,
                                            std::string& problem) {
  problem.clear();
  std::optional<dial_target> result;
  auto& place = call.url.empty() ? call.path : call.url;
  auto filled = fill(place, call.uri_params, problem);
  if (!filled)
    return std::nullopt;
  if (!call.url.empty()) {
    result = read_url(*filled, problem);
    if (!result)
      return std::nullopt;
  } else {
    result.emplace();
    result->secure = client.secure;
    result->host = client.host.value_or("localhost");
    result->port = client.port.value_or(client.secure ? 443 : 80);
    auto mark = std::min(filled->find('?'), filled->size());
    result->request_uri = join_paths(client.base_path, filled->substr(0, mark))
                          + filled->substr(mark);
  }
  append_query(result->request_uri, client.default_query_params,
               call.query_params);
  if (!is_request_uri(result->request_uri)) {
    problem = "the path is too long or holds a character that has to be "
              "percent-encoded";
    return std::nullopt;
  }
  std::string_view path{result->request_uri};
  path = path.substr(0, path.find('?'));
  auto rest = below(client.base_path, path);
  relative_path = rest ? std::string{*rest} : std::string{path};
  headers.clear();
  if (!merge_headers(client.default_headers, call.headers, headers, problem))
    return std::nullopt;
  return result;
}

} // namespace switchboard::net
