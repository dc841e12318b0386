#include "service/api/target.hpp"

#include <algorithm>
#include <span>

#include "net/utf8.hpp"

namespace switchboard::service::api {

namespace {

int digit(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

} // namespace

std::optional<target> parse_target(std::string_view text) noexcept {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) {
      text.remove_prefix(scheme.size());
      auto path = text.find_first_of("/?");
      if (path == std::string_view::npos)
        return target{"/", {}};
      text.remove_prefix(path);
      if (text.front() == '?')
        return target{"/", text.substr(1)};
      break;
    }
  }
  if (text.empty() || text.front() != '/')
    return std::nullopt;
  auto question = text.find('?');
  if (question == std::string_view::npos)
    return target{text, {}};
  return target{text.substr(0, question), text.substr(question + 1)};
}

std::optional<std::string> decode_strictly(std::string_view text,
                                           bool plus_is_space) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      result += ' ';
    } else if (text[i] != '%') {
      result += text[i];
    } else {
      if (i + 2 >= text.size() || digit(text[i + 1]) < 0
          || digit(text[i + 2]) < 0)
        return std::nullopt;
      result += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    }
  }
  return result;
}

std::optional<string_pairs> parse_query(std::string_view text) {
  string_pairs result;
  while (!text.empty()) {
    auto piece = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(piece.size() + 1, text.size()));
    if (piece.empty())
      continue;
    auto equals = piece.find('=');
    auto name = decode_strictly(piece.substr(0, equals), true);
    auto value = equals == std::string_view::npos
                     ? std::optional<std::string>{std::string{}}
                     : decode_strictly(piece.substr(equals + 1), true);
    if (!name || !value || !net::is_utf8(std::as_bytes(std::span{*name}))
        || !net::is_utf8(std::as_bytes(std::span{*value})))
      return std::nullopt;
    result.emplace_back(std::move(*name), std::move(*value));
  }
  return result;
}

} // namespace switchboard::service::api
