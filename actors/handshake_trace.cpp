#include "actors/handshake_trace.hpp"

#include "net/trace_context.hpp"

namespace switchboard::actors {

std::optional<std::string_view>
traceparent_of(const handshake_attributes& known) noexcept {
  if (known.type() != socket_type::inbound)
    return std::nullopt;
  std::optional<std::string_view> result;
  auto several = false;
  known.for_each_header([&](std::string_view name, std::string_view value) {
    if (name != "traceparent")
      return;
    several |= result.has_value();
    result = value;
  });
  if (several || !result || !net::parse_traceparent(*result))
    return std::nullopt;
  return result;
}

} // namespace switchboard::actors
