#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchboard {

/// What the `{param}` segments of a pattern matched, percent-decoded, in the
/// pattern's order.
using path_params = std::vector<std::pair<std::string, std::string>>;

/// Decodes `%XX`; a `%` that starts no escape stands for itself.
inline std::string percent_decode(std::string_view text) {
  auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9')
      return c - '0';
    if (c >= 'a' && c <= 'f')
      return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
      return c - 'A' + 10;
    return -1;
  };
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0
        && digit(text[i + 2]) >= 0) {
      result += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

/// Joins a base path and a path relative to it into one absolute path
/// without doubled or trailing slashes; `/` where nothing is left.
inline std::string join_paths(std::string_view base, std::string_view path) {
  std::string result;
  for (auto part : {base, path}) {
    while (!part.empty()) {
      auto segment = part.substr(0, part.find('/'));
      part.remove_prefix(std::min(segment.size() + 1, part.size()));
      if (!segment.empty()) {
        result += '/';
        result += segment;
      }
    }
  }
  return result.empty() ? "/" : result;
}

/// A path to match requests and sockets against: literal segments, `{name}`
/// for exactly one segment, a trailing `*` for any number of segments,
/// none included (`/chat/*` matches `/chat`). A trailing slash does not
/// count. Literals are compared percent-decoded and by case.
class path_pattern {
public:
  /// Reads a pattern; a missing leading slash is supplied.
  /// @param problem set to what is wrong where the answer is `nullopt`.
  static std::optional<path_pattern> parse(std::string_view text,
                                           std::string* problem = nullptr) {
    auto fail = [&](const char* why) -> std::optional<path_pattern> {
      if (problem != nullptr)
        *problem = why;
      return std::nullopt;
    };
    path_pattern result;
    result.text_ = join_paths({}, text);
    auto parts = split(result.text_);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      auto part = parts[i];
      if (part == "*") {
        if (i + 1 != parts.size())
          return fail("`*` may only be the last segment");
        result.wildcard_ = true;
      } else if (part.front() == '{' && part.back() == '}') {
        auto name = part.substr(1, part.size() - 2);
        if (name.empty())
          return fail("a parameter needs a name");
        if (name.find_first_of("{}*") != std::string_view::npos)
          return fail("`{`, `}` and `*` cannot be part of a name");
        for (auto& known : result.segments_)
          if (known.param && known.text == name)
            return fail("a parameter's name stands twice");
        result.segments_.push_back({std::string{name}, true});
      } else {
        if (part.find_first_of("{}*") != std::string_view::npos)
          return fail("`{name}` and `*` must be whole segments");
        result.segments_.push_back({percent_decode(part), false});
      }
    }
    return result;
  }

  /// Whether a path (without query) matches.
  /// @param params where given, receives the parameters of a match.
  bool matches(std::string_view path, path_params* params = nullptr) const {
    auto rest = path;
    auto next = [&rest]() -> std::optional<std::string_view> {
      while (!rest.empty() && rest.front() == '/')
        rest.remove_prefix(1);
      if (rest.empty())
        return std::nullopt;
      auto segment = rest.substr(0, rest.find('/'));
      rest.remove_prefix(segment.size());
      return segment;
    };
    auto found = path_params{};
    for (auto& segment : segments_) {
      auto part = next();
      if (!part)
        return false;
      if (segment.param) {
        if (params != nullptr)
          found.emplace_back(segment.text, percent_decode(*part));
      } else if (part->find('%') == std::string_view::npos
                     ? *part != segment.text
                     : percent_decode(*part) != segment.text) {
        return false;
      }
    }
    if (!wildcard_ && next())
      return false;
    if (params != nullptr)
      *params = std::move(found);
    return true;
  }

  /// The pattern with one leading and no trailing slash.
  const std::string& text() const noexcept {
    return text_;
  }

  /// Orders patterns by precedence, the one to try first first: segment by
  /// segment a literal comes before a parameter, a parameter before the end
  /// of the pattern, and a longer wildcard before a shorter one. Patterns
  /// that match the same paths are equivalent.
  friend std::weak_ordering operator<=>(const path_pattern& x,
                                        const path_pattern& y) {
    auto common = std::min(x.segments_.size(), y.segments_.size());
    for (std::size_t i = 0; i < common; ++i) {
      auto& a = x.segments_[i];
      auto& b = y.segments_[i];
      if (a.param != b.param)
        return a.param ? std::weak_ordering::greater : std::weak_ordering::less;
      if (!a.param && a.text != b.text)
        return a.text <=> b.text;
    }
    if (x.segments_.size() != y.segments_.size())
      return y.segments_.size() <=> x.segments_.size();
    return x.wildcard_ <=> y.wildcard_;
  }

  friend bool operator==(const path_pattern& x, const path_pattern& y) {
    return (x <=> y) == 0;
  }

private:
  struct segment {
    std::string text;
    bool param;
  };

  static std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> result;
    std::size_t pos = 0;
    while (pos < text.size()) {
      auto end = std::min(text.find('/', pos), text.size());
      if (end > pos)
        result.push_back(text.substr(pos, end - pos));
      pos = end + 1;
    }
    return result;
  }

  std::string text_;
  std::vector<segment> segments_;
  bool wildcard_ = false;
};

/// The path below a base path, with its leading slash; `nullopt` where the
/// path is not below it. Compares whole segments.
inline std::optional<std::string_view> below(std::string_view base,
                                             std::string_view path) {
  while (!base.empty() && base.back() == '/')
    base.remove_suffix(1);
  if (!path.starts_with(base))
    return std::nullopt;
  path.remove_prefix(base.size());
  if (path.empty())
    return std::string_view{"/"};
  if (path.front() != '/')
    return std::nullopt;
  return path;
}

} // namespace switchboard
