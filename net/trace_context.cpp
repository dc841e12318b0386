#include "net/trace_context.hpp"

#include <algorithm>

namespace switchboard::net {

namespace {

/// `00-TRACE-SPAN-FLAGS`
constexpr std::size_t trace_at = 3;
constexpr std::size_t trace_size = 32;
constexpr std::size_t span_at = 36;
constexpr std::size_t span_size = 16;
constexpr std::size_t flags_at = 53;
constexpr std::size_t whole_size = 55;
constexpr std::size_t most_state = 512;

bool is_hex(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

bool is_zero(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '0'; });
}

} // namespace

std::optional<trace_parent> parse_traceparent(std::string_view text) noexcept {
  if (text.size() < whole_size)
    return std::nullopt;
  auto version = text.substr(0, 2);
  auto trace = text.substr(trace_at, trace_size);
  auto span = text.substr(span_at, span_size);
  auto flags = text.substr(flags_at, 2);
  if (!is_hex(version) || version == "ff" || text[2] != '-' || !is_hex(trace)
      || is_zero(trace) || text[span_at - 1] != '-' || !is_hex(span)
      || is_zero(span) || text[flags_at - 1] != '-' || !is_hex(flags))
    return std::nullopt;
  // Versions to come may have more behind it.
  if (text.size() > whole_size && (version == "00" || text[whole_size] != '-'))
    return std::nullopt;
  return trace_parent{trace, flags};
}

std::string make_traceparent(const trace_parent& parent, std::uint64_t span) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string result = "00-";
  result.append(parent.trace_id).append("-");
  for (auto shift = 60; shift >= 0; shift -= 4)
    result += digits[(span >> shift) & 15];
  // Of the flags, the one that this version knows.
  auto last = digits.find(parent.flags.back());
  result.append((last & 1) != 0 ? "-01" : "-00");
  return result;
}

bool is_tracestate(std::string_view text) noexcept {
  return !text.empty() && text.size() <= most_state && text.front() != ' '
         && text.back() != ' '
         && std::all_of(text.begin(), text.end(),
                        [](char c) { return c >= ' ' && c <= '~'; });
}

} // namespace switchboard::net
