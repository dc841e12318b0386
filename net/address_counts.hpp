#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

struct sockaddr_storage;

namespace switchboard::net {

/// Whom connections are counted by: an IPv4 address, or the first 64 bits of an
/// IPv6 address, which one household or machine usually has to itself. An IPv4
/// address in IPv6 clothes is the IPv4 address.
class address_key {
public:
  /// @returns `nullopt` for another family than IPv4 and IPv6.
  static std::optional<address_key>
  of(const sockaddr_storage& address) noexcept;

  /// @param text a numeric address without port and brackets.
  static std::optional<address_key> of(std::string_view text) noexcept;

  std::size_t hash() const noexcept;

  friend bool operator==(const address_key&, const address_key&) = default;

private:
  /// In IPv6's form.
  std::array<std::uint8_t, 16> bytes_{};
};

class address_counts;

/// One connection's place among those of its address, given back when it goes.
class address_place {
public:
  address_place(std::shared_ptr<address_counts> owner, const address_key& key)
      : owner_(std::move(owner)), key_(key) {}

  ~address_place();

  address_place(const address_place&) = delete;
  address_place& operator=(const address_place&) = delete;

private:
  std::shared_ptr<address_counts> owner_;
  address_key key_;
};

/// How many connections each address has; knows none that has none. Any thread.
class address_counts : public std::enable_shared_from_this<address_counts> {
public:
  /// Counts one more connection.
  /// @returns null where the address has as many as it may have.
  std::unique_ptr<address_place> enter(const address_key& who,
                                       std::size_t limit);

  /// Addresses with connections.
  std::size_t size() const;

private:
  friend class address_place;

  struct hasher {
    std::size_t operator()(const address_key& what) const noexcept {
      return what.hash();
    }
  };

  void leave(const address_key& who) noexcept;

  mutable std::mutex mutex_;
  std::unordered_map<address_key, std::size_t, hasher> counts_;
};

} // namespace switchboard::net
