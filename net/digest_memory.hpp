#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "net/digest_authentication.hpp"

namespace switchboard::net {

/// Remembers the last Digest challenge of each peer and proxy, so that the
/// next dial sends credentials at once, and counts how often each nonce was
/// used. For one set of credentials. Any thread.
class digest_memory {
public:
  /// The kept challenge of a place, counted as used once more; nothing where
  /// there is none.
  std::optional<digest_use> use(const std::string& place);

  /// Keeps a challenge in place of another nonce's, and counts it as used.
  /// @param place at most 64 are kept; beyond that any one is forgotten.
  digest_use use(const std::string& place, const digest_challenge& challenge);

  /// Forgets a nonce that credentials were refused with.
  void forget(const std::string& place, const std::string& nonce);

private:
  static constexpr std::size_t max_places = 64;

  std::mutex mutex_;
  std::map<std::string, digest_use> kept_;
};

} // namespace switchboard::net
