#include "net/address_counts.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace switchboard::net {

namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0,    0,
                                                     0, 0, 0, 0, 0xFF, 0xFF};

constexpr std::size_t network_bytes = 8;

bool is_mapped(const std::array<std::uint8_t, 16>& bytes) noexcept {
  return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
}

} // namespace

std::optional<address_key>
address_key::of(const sockaddr_storage& address) noexcept {
  address_key result;
  auto& bytes = result.bytes_;
  if (address.ss_family == AF_INET) {
    auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    std::copy(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
    std::memcpy(bytes.data() + mapped_prefix.size(), &v4.sin_addr, 4);
    return result;
  }
  if (address.ss_family != AF_INET6)
    return std::nullopt;
  auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  if (!is_mapped(bytes))
    std::fill(bytes.begin() + network_bytes, bytes.end(), std::uint8_t{0});
  return result;
}

std::optional<address_key> address_key::of(std::string_view text) noexcept {
  // Behind a percent sign stands an interface of this machine's.
  std::array<char, INET6_ADDRSTRLEN> copy{};
  auto length = std::min(text.find('%'), text.size());
  if (length >= copy.size())
    return std::nullopt;
  std::copy_n(text.begin(), length, copy.begin());
  sockaddr_storage address{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(address);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
  if (::inet_pton(AF_INET, copy.data(), &v4.sin_addr) == 1)
    address.ss_family = AF_INET;
  else if (::inet_pton(AF_INET6, copy.data(), &v6.sin6_addr) == 1)
    address.ss_family = AF_INET6;
  return of(address);
}

std::size_t address_key::hash() const noexcept {
  return std::hash<std::string_view>{}(
      {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});
}

address_place::~address_place() {
  owner_->leave(key_);
}

std::unique_ptr<address_place> address_counts::enter(const address_key& who,
                                                     std::size_t limit) {
  std::lock_guard guard{mutex_};
  auto i = counts_.find(who);
  auto count = i == counts_.end() ? 0 : i->second;
  if (count >= limit)
    return nullptr;
  auto& known = counts_[who];
  auto place = std::make_unique<address_place>(shared_from_this(), who);
  ++known;
  return place;
}

void address_counts::leave(const address_key& who) noexcept {
  std::lock_guard guard{mutex_};
  auto i = counts_.find(who);
  if (i != counts_.end() && --i->second == 0)
    counts_.erase(i);
}

std::size_t address_counts::size() const {
  std::lock_guard guard{mutex_};
  return counts_.size();
}

} // namespace switchboard::net
