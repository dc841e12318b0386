#include "actors/socket_id.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include <openssl/rand.h>

namespace switchboard::actors {

namespace {

/// The most bytes of a caller's id.
constexpr std::size_t max_socket_id = 128;

using id_bytes = std::array<unsigned char, 16>;

/// Takes them from a store of the thread: asking the generator costs nearly
/// the same for many as for one.
id_bytes random_id() {
  thread_local std::array<id_bytes, 64> store;
  thread_local std::size_t left = 0;
  if (left == 0) {
    RAND_bytes(store.front().data(), sizeof store);
    left = store.size();
  }
  return store[--left];
}

} // namespace

std::string make_socket_id() {
  auto bytes = random_id();
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  result.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      result += '-';
    result += digits[bytes[i] >> 4];
    result += digits[bytes[i] & 0x0F];
  }
  return result;
}

std::string_view judge_socket_id(std::string_view id) noexcept {
  if (id.empty())
    return "a socket id is empty";
  if (id.size() > max_socket_id)
    return "a socket id is longer than 128 bytes";
  auto usable = [](char c) {
    return c >= ' ' && c <= '~' && c != '/';
  };
  if (!std::all_of(id.begin(), id.end(), usable))
    return "a socket id holds a byte outside printable ASCII, or `/`";
  return {};
}

} // namespace switchboard::actors
