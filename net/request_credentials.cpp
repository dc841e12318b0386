#include "net/request_credentials.hpp"

#include <algorithm>
#include <utility>

#include <switchboard/path_pattern.hpp>

#include "net/header_values.hpp"

namespace switchboard::net {

namespace {

/// Adds what was found where there may be one only.
void add(taken_credentials& to, std::string_view found, const char* where) {
  if (to.text)
    to.problem = std::string{"The request has several tokens in "} + where;
  to.text = found;
}

/// Calls `visit` with each part of a text between separators.
/// @param visit returns whether the part stays.
/// @returns the parts that stay.
template <class Visitor>
std::string filter_parts(std::string_view text, char separator,
                         std::string_view joint, Visitor visit) {
  std::string result;
  for (auto first = true; first || !text.empty();) {
    first = false;
    auto part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (!visit(part))
      continue;
    if (!result.empty())
      result += joint;
    result += part;
  }
  return result;
}

taken_credentials take_cookie(http_request& request, const std::string& name) {
  taken_credentials result;
  auto stays = [&](std::string_view& part) {
    part = trim_blanks(part);
    auto sign = part.find('=');
    if (sign == part.npos || trim_blanks(part.substr(0, sign)) != name)
      return !part.empty();
    auto value = trim_blanks(part.substr(sign + 1));
    // RFC 6265 §4.1.1.
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    add(result, value, "cookies.");
    return false;
  };
  for (auto& [header, value] : request.headers)
    if (equal_ignoring_case(header, "Cookie"))
      value = filter_parts(value, ';', "; ", stays);
  std::erase_if(request.headers, [](auto& header) {
    return header.second.empty() && equal_ignoring_case(header.first, "Cookie");
  });
  return result;
}

/// A name or a value of a query, as `parse_query` reads it: what is looked for
/// otherwise would be found by whoever reads what is left.
std::string decode(std::string_view text) {
  std::string blanks{text};
  std::replace(blanks.begin(), blanks.end(), '+', ' ');
  return percent_decode(blanks);
}

taken_credentials take_parameter(http_request& request,
                                 const std::string& name) {
  taken_credentials result;
  if (request.query.empty())
    return result;
  auto rest = filter_parts(request.query, '&', "&", [&](std::string_view part) {
    auto sign = part.find('=');
    if (part.empty() || decode(part.substr(0, sign)) != name)
      return true;
    add(result, sign == part.npos ? "" : decode(part.substr(sign + 1)),
        "its query.");
    return false;
  });
  if (!result.text)
    return result;
  request.query = std::move(rest);
  request.target = request.path;
  if (!request.query.empty())
    request.target += "?" + request.query;
  return result;
}

taken_credentials take_subprotocol(http_request& request,
                                   const std::string& name) {
  constexpr std::string_view header = "Sec-WebSocket-Protocol";
  taken_credentials result;
  auto offered = request.joined_header(header);
  auto follows = false;
  auto rest = filter_parts(offered, ',', ", ", [&](std::string_view& part) {
    part = trim_blanks(part);
    // The name twice is no token, but a token may stand behind it still.
    if (std::exchange(follows, false) && part != name) {
      add(result, part, "Sec-WebSocket-Protocol.");
      return false;
    }
    follows = part == name;
    return true;
  });
  if (!result.text)
    return result;
  result.subprotocol = name;
  auto first = true;
  std::erase_if(request.headers, [&](auto& each) {
    return equal_ignoring_case(each.first, header)
           && !std::exchange(first, false);
  });
  for (auto& [key, value] : request.headers)
    if (equal_ignoring_case(key, header))
      value = std::move(rest);
  return result;
}

} // namespace

taken_credentials take_authorization(http_request& request,
                                     std::string_view scheme) {
  taken_credentials result;
  auto count = 0;
  std::string text;
  std::erase_if(request.headers, [&](auto& header) {
    if (!equal_ignoring_case(header.first, "Authorization"))
      return false;
    ++count;
    text = std::move(header.second);
    return true;
  });
  if (count > 1) {
    result.problem = "The request has several Authorization headers.";
    return result;
  }
  auto rest = trim_blanks(text);
  auto named = rest.substr(0, rest.find(' '));
  if (count == 0 || !equal_ignoring_case(named, scheme))
    return result;
  result.text = trim_blanks(rest.substr(named.size()));
  return result;
}

taken_credentials take_token(http_request& request,
                             const jwt_authentication& options) {
  taken_credentials result;
  // What is for somebody else is not for flows either.
  auto header = take_authorization(request, "Bearer");
  for (auto place : options.token_from) {
    taken_credentials found;
    switch (place) {
      case token_place::header:
        found = std::move(header);
        break;
      case token_place::subprotocol:
        found = take_subprotocol(request, options.subprotocol);
        break;
      case token_place::cookie:
        found = take_cookie(request, options.cookie);
        break;
      case token_place::query:
        found = take_parameter(request, options.query_parameter);
        break;
    }
    if (result.problem.empty())
      result.problem = std::move(found.problem);
    // Whichever token counts, the client waits for an answer to this.
    if (result.subprotocol.empty())
      result.subprotocol = std::move(found.subprotocol);
    if (!result.text)
      result.text = std::move(found.text);
  }
  return result;
}

} // namespace switchboard::net
