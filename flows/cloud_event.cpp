#include "flows/cloud_event.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <random>

#include "flows/attribute_values.hpp"

namespace switchboard::flows {

namespace {

/// A longer list of groups is left out: peers bound what a head may hold.
constexpr std::size_t max_groups_size = 4096;

constexpr std::string_view digits = "0123456789ABCDEF";

void append_encoded(std::string& out, char c) {
  auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += digits[byte >> 4];
  out += digits[byte & 0x0F];
}

bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'
         || c == '~';
}

int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// 128 bits that tell this process from all others.
std::string make_prefix() {
  std::random_device dice;
  std::string result;
  for (auto i = 0; i < 4; ++i) {
    auto word = dice();
    for (auto shift = 28; shift >= 0; shift -= 4)
      result += "0123456789abcdef"[word >> shift & 0x0F];
  }
  return result;
}

std::string_view type_of(flow_source source) noexcept {
  switch (source) {
    case flow_source::on_inbound_connection:
      return "switchboard.connection";
    case flow_source::on_socket_closed:
      return "switchboard.closed";
    case flow_source::startup:
      return "switchboard.startup";
    case flow_source::schedule:
      return "switchboard.schedule";
    default:
      return "switchboard.message";
  }
}

std::string names_of(const string_list& groups) {
  std::string result;
  for (auto& group : groups)
    result += (result.empty() ? "" : ",") + encode_name(group);
  return result;
}

} // namespace

std::string make_event_id() {
  static const auto prefix = make_prefix();
  static std::atomic<std::uint64_t> last{0};
  return prefix + "-" + std::to_string(++last);
}

std::string encode_event_value(std::string_view text) {
  std::string result;
  for (auto c : text) {
    if (c <= ' ' || c > '~' || c == '"' || c == '%')
      append_encoded(result, c);
    else
      result += c;
  }
  return result;
}

std::string encode_name(std::string_view text) {
  std::string result;
  for (auto c : text) {
    if (is_unreserved(c))
      result += c;
    else
      append_encoded(result, c);
  }
  return result;
}

std::string decode_name(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto high =
        text[i] == '%' && i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
    auto low = high >= 0 ? digit_of(text[i + 2]) : -1;
    if (low >= 0) {
      result += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

void add_event_headers(net::header_list& out, const event_identity& event,
                       const flow& root, const scope& in) {
  auto add = [&](const char* name, std::string_view value) {
    out.emplace_back(name, encode_event_value(value));
  };
  auto& socket = in.attributes;
  auto config =
      socket.handshake ? socket->config() : std::string_view{root.config};
  add("ce-specversion", "1.0");
  add("ce-id", event.id);
  add("ce-source", config.empty() ? std::string{"/switchboard"}
                                  : "/switchboard/" + encode_name(config));
  add("ce-type", type_of(root.source));
  add("ce-time", render_time(event.time));
  if (!socket.handshake)
    return;
  add("ce-subject", socket->socket_id());
  add("ce-config", config);
  add("ce-path", socket->path());
  auto groups = socket.groups ? names_of(*socket.groups) : std::string{};
  if (!groups.empty() && groups.size() <= max_groups_size)
    add("ce-groups", groups);
}

} // namespace switchboard::flows
