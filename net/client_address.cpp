#include "net/handshake.hpp"

#include <algorithm>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "net/header_values.hpp"

namespace switchboard::net {

namespace ip = boost::asio::ip;

namespace {

/// An IPv4 address in IPv6 clothes is the IPv4 address.
std::optional<ip::address> parse_address(std::string_view text) {
  // A zero would end the text early for those below us.
  if (text.find('\0') != std::string_view::npos)
    return std::nullopt;
  boost::system::error_code failure;
  auto result = ip::make_address(std::string{text}, failure);
  if (failure)
    return std::nullopt;
  if (result.is_v6() && result.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, result.to_v6());
  return result;
}

/// A block's first bits, as those of an address of its family.
struct address_block {
  ip::address address;
  unsigned bits = 0;
};

std::optional<address_block> parse_block(std::string_view text) {
  auto slash = text.find('/');
  auto address = parse_address(text.substr(0, slash));
  if (!address)
    return std::nullopt;
  auto most = address->is_v4() ? 32u : 128u;
  if (slash == std::string_view::npos)
    return address_block{*address, most};
  auto digits = text.substr(slash + 1);
  if (digits.empty() || digits.size() > 3
      || digits.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  unsigned bits = 0;
  for (auto c : digits)
    bits = bits * 10 + static_cast<unsigned>(c - '0');
  // ::ffff:a.b.c.d/n counts the 96 bits in front.
  if (address->is_v4() && text.find(':') != std::string_view::npos) {
    if (bits < 96)
      return std::nullopt;
    bits -= 96;
  }
  if (bits > most)
    return std::nullopt;
  return address_block{*address, bits};
}

template <class Bytes>
bool same_bits(const Bytes& x, const Bytes& y, unsigned bits) noexcept {
  for (std::size_t i = 0; bits > 0; ++i) {
    auto here = std::min(bits, 8u);
    auto mask = static_cast<unsigned>(0xFF00 >> here) & 0xFF;
    if (((x[i] ^ y[i]) & mask) != 0)
      return false;
    bits -= here;
  }
  return true;
}

bool contains(const address_block& block, const ip::address& address) noexcept {
  if (block.address.is_v4() != address.is_v4())
    return false;
  return address.is_v4() ? same_bits(block.address.to_v4().to_bytes(),
                                     address.to_v4().to_bytes(), block.bits)
                         : same_bits(block.address.to_v6().to_bytes(),
                                     address.to_v6().to_bytes(), block.bits);
}

bool is_port(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 5
         && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// An address as proxies write it: bare, in brackets, with a port or without.
std::optional<ip::address> parse_node(std::string_view text) {
  if (text.starts_with('[')) {
    auto end = text.find(']');
    if (end == std::string_view::npos)
      return std::nullopt;
    auto behind = text.substr(end + 1);
    if (!behind.empty() && (behind[0] != ':' || !is_port(behind.substr(1))))
      return std::nullopt;
    auto result = parse_address(text.substr(1, end - 1));
    if (!result || text.find(':') > end)
      return std::nullopt;
    return result;
  }
  auto colon = text.find(':');
  if (colon != std::string_view::npos && text.rfind(':') == colon) {
    if (!is_port(text.substr(colon + 1)))
      return std::nullopt;
    text = text.substr(0, colon);
  }
  return parse_address(text);
}

/// The `for` of each element of a Forwarded header (RFC 7239 §4); empty where
/// an element has none. Nothing at all where the header is ill-formed: which
/// part of it which proxy wrote is then anyone's guess.
std::vector<std::string> read_forwarded(std::string_view text) {
  std::vector<std::string> result;
  header_cursor cursor{text};
  for (;;) {
    std::optional<std::string> node;
    do {
      cursor.skip_blanks();
      auto name = cursor.token();
      if (name.empty())
        continue;
      if (!cursor.consume('='))
        return {};
      auto value = cursor.value();
      if (!value)
        return {};
      if (equal_ignoring_case(name, "for")) {
        if (node)
          return {};
        node = std::move(value);
      }
      cursor.skip_blanks();
    } while (cursor.consume(';'));
    result.push_back(std::move(node).value_or(std::string{}));
    if (cursor.at_end())
      return result;
    if (!cursor.consume(','))
      return {};
  }
}

std::vector<std::string> read_forwarded_for(std::string_view text) {
  std::vector<std::string> result;
  for (;;) {
    auto comma = text.find(',');
    result.emplace_back(trim_blanks(text.substr(0, comma)));
    if (comma == std::string_view::npos)
      return result;
    text.remove_prefix(comma + 1);
  }
}

} // namespace

std::string client_address(const http_request& request, std::string_view peer,
                           const std::vector<std::string>& trusted) {
  std::string unchanged{peer};
  if (trusted.empty())
    return unchanged;
  auto address = parse_address(peer);
  if (!address)
    return unchanged;
  std::vector<address_block> blocks;
  for (auto& text : trusted)
    if (auto block = parse_block(text))
      blocks.push_back(*block);
  auto is_trusted = [&blocks](const ip::address& candidate) {
    return std::any_of(blocks.begin(), blocks.end(),
                       [&](auto& block) { return contains(block, candidate); });
  };
  if (!is_trusted(*address))
    return unchanged;
  auto forwarded = request.joined_header("Forwarded");
  auto nodes =
      forwarded.empty()
          ? read_forwarded_for(request.joined_header("X-Forwarded-For"))
          : read_forwarded(forwarded);
  auto result = unchanged;
  for (auto node = nodes.rbegin(); node != nodes.rend() && is_trusted(*address);
       ++node) {
    auto next = parse_node(*node);
    if (!next)
      break;
    address = next;
    result = next->to_string();
  }
  return result;
}

bool is_address_or_cidr(std::string_view text) noexcept {
  try {
    return parse_block(text).has_value();
  } catch (...) {
    // Only memory can be short here.
    return false;
  }
}

} // namespace switchboard::net
