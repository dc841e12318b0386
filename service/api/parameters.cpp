#include <algorithm>
#include <charconv>

#include <switchboard/close_code.hpp>
#include <switchboard/tap.hpp>

#include "service/api/route.hpp"

namespace switchboard::service::api {

namespace {

/// Whether a text is a number from `least` to `most` and nothing else.
template <class Number>
bool is_within(std::string_view text, Number least, Number most) {
  Number value{};
  auto last = text.data() + text.size();
  auto [end, failure] = std::from_chars(text.data(), last, value);
  return failure == std::errc{} && end == last && value >= least
         && value <= most;
}

bool is_serial(std::string_view text) {
  return is_within<std::uint64_t>(text, 1, UINT64_MAX);
}

/// What was expected of a value; empty where it is right.
std::string_view expected_instead(value_kind kind, std::string_view value) {
  switch (kind) {
    case value_kind::text:
      return {};
    case value_kind::name:
      return value.empty() ? "a value that is not empty" : std::string_view{};
    case value_kind::socket_type:
      return value == "INBOUND" || value == "OUTBOUND" || value == "ALL"
                 ? std::string_view{}
                 : "INBOUND, OUTBOUND or ALL";
    case value_kind::limit:
      return is_within(value, 1u, 1000u) ? std::string_view{}
                                         : "a number from 1 to 1000";
    case value_kind::serial:
      return is_serial(value) ? std::string_view{} : "a number from 1 on";
    case value_kind::close_code:
      return parse_close_code(value)
                 ? std::string_view{}
                 : "the name of a close code, or 1000 to 1003, 1007 to 1014, "
                   "3000 to 4999";
    case value_kind::close_reason:
      return value.size() <= 123 ? std::string_view{} : "at most 123 bytes";
    case value_kind::flag:
      return value.empty() || value == "true" || value == "false"
                 ? std::string_view{}
                 : "true or false";
    case value_kind::fraction:
      return is_within(value, min_tap_sample, 1.0)
                 ? std::string_view{}
                 : "a number from 0.000001 to 1";
    case value_kind::event_rate:
      return is_within(value, 1u, max_tap_rate) ? std::string_view{}
                                                : "a number from 1 to 10000";
    case value_kind::payload_size:
      return is_within(value, 1u, max_tap_payload)
                 ? std::string_view{}
                 : "a number of bytes from 1 to 65536";
  }
  return {};
}

} // namespace

std::optional<std::string> complaint(const std::vector<parameter>& known,
                                     const string_pairs& query) {
  for (std::size_t i = 0; i < query.size(); ++i) {
    auto& [name, value] = query[i];
    auto entry = std::find_if(known.begin(), known.end(),
                              [&](auto& p) { return p.name == name; });
    if (entry == known.end()) {
      auto text = "unknown query parameter `" + name + "`";
      if (known.empty())
        return text + ", this takes none";
      text += ", known are";
      for (auto& p : known)
        text.append(&p == &known.front() ? " " : ", ").append(p.name);
      return text;
    }
    auto seen_before = std::any_of(
        query.begin(), query.begin() + static_cast<std::ptrdiff_t>(i),
        [&](auto& other) { return other.first == entry->name; });
    if (seen_before && !entry->repeated)
      return "query parameter `" + name + "` stands more than once";
    auto expected = expected_instead(entry->kind, value);
    if (!expected.empty())
      return "query parameter `" + name + "` is wrong, expected "
             + std::string{expected};
  }
  return std::nullopt;
}

} // namespace switchboard::service::api
