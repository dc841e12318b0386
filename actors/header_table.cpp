#include "actors/header_table.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace switchboard::actors {

namespace {

constexpr bool precedes(const known_header& x, const known_header& y) noexcept {
  return std::tie(x.name, x.value) < std::tie(y.name, y.value);
}

/// Sorted. The first stands for a name that is empty.
constexpr std::array table{
    known_header{"", ""},
    known_header{"accept", ""},
    known_header{"accept", "*/*"},
    known_header{"accept-encoding", ""},
    known_header{"accept-encoding", "gzip, deflate"},
    known_header{"accept-encoding", "gzip, deflate, br"},
    known_header{"accept-encoding", "gzip, deflate, br, zstd"},
    known_header{"accept-language", ""},
    known_header{"accept-language", "en-US,en;q=0.5"},
    known_header{"accept-language", "en-US,en;q=0.9"},
    known_header{"authorization", ""},
    known_header{"cache-control", ""},
    known_header{"cache-control", "no-cache"},
    known_header{"connection", ""},
    known_header{"connection", "Upgrade"},
    known_header{"connection", "keep-alive, Upgrade"},
    known_header{"connection", "upgrade"},
    known_header{"content-type", ""},
    known_header{"cookie", ""},
    known_header{"dnt", ""},
    known_header{"forwarded", ""},
    known_header{"host", ""},
    known_header{"origin", ""},
    known_header{"pragma", ""},
    known_header{"pragma", "no-cache"},
    known_header{"referer", ""},
    known_header{"sec-fetch-dest", ""},
    known_header{"sec-fetch-dest", "empty"},
    known_header{"sec-fetch-dest", "websocket"},
    known_header{"sec-fetch-mode", ""},
    known_header{"sec-fetch-mode", "websocket"},
    known_header{"sec-fetch-site", ""},
    known_header{"sec-fetch-site", "cross-site"},
    known_header{"sec-fetch-site", "same-origin"},
    known_header{"sec-fetch-site", "same-site"},
    known_header{"sec-gpc", ""},
    known_header{"sec-gpc", "1"},
    known_header{"sec-websocket-accept", ""},
    known_header{"sec-websocket-extensions", ""},
    known_header{"sec-websocket-extensions", "permessage-deflate"},
    known_header{"sec-websocket-extensions",
                 "permessage-deflate; client_max_window_bits"},
    known_header{"sec-websocket-key", ""},
    known_header{"sec-websocket-protocol", ""},
    known_header{"sec-websocket-version", ""},
    known_header{"sec-websocket-version", "13"},
    known_header{"traceparent", ""},
    known_header{"tracestate", ""},
    known_header{"upgrade", ""},
    known_header{"upgrade", "websocket"},
    known_header{"user-agent", ""},
    known_header{"x-forwarded-for", ""},
    known_header{"x-forwarded-host", ""},
    known_header{"x-forwarded-proto", ""},
    known_header{"x-forwarded-proto", "http"},
    known_header{"x-forwarded-proto", "https"},
    known_header{"x-real-ip", ""},
    known_header{"x-request-id", ""},
};

static_assert(std::is_sorted(table.begin(), table.end(), precedes));
static_assert(table.size() <= 256);

/// The entry that is equal, or the end.
auto look_up(const known_header& what) noexcept {
  auto found = std::lower_bound(table.begin(), table.end(), what, precedes);
  return found == table.end() || precedes(what, *found) ? table.end() : found;
}

} // namespace

std::optional<std::uint8_t> find_known_header(std::string_view name,
                                              std::string_view value) noexcept {
  auto found = look_up({name, value});
  if (found == table.end())
    found = look_up({name, {}});
  if (found == table.end())
    return std::nullopt;
  return static_cast<std::uint8_t>(found - table.begin());
}

known_header known_header_at(std::uint8_t index) noexcept {
  return table[index];
}

} // namespace switchboard::actors
