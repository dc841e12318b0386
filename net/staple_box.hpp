#pragma once

#include <chrono>
#include <ctime>
#include <mutex>
#include <string>
#include <vector>

#include "net/tls_store.hpp"

namespace switchboard::net {

/// A certificate of ours and the newest OCSP answer about it. Any thread.
class staple_box {
public:
  /// @param urls of its responders, at least one.
  staple_box(x509_ptr certificate, x509_ptr issuer,
             std::vector<std::string> urls)
      : certificate_(std::move(certificate)),
        issuer_(std::move(issuer)),
        urls_(std::move(urls)) {}

  X509* certificate() const noexcept {
    return certificate_.get();
  }

  X509* issuer() const noexcept {
    return issuer_.get();
  }

  const std::vector<std::string>& urls() const noexcept {
    return urls_;
  }

  void put(std::string answer, std::time_t until) {
    std::lock_guard guard{mutex_};
    answer_ = std::move(answer);
    until_ = until;
  }

  /// @returns empty where there is none that still holds.
  std::string get() const {
    std::lock_guard guard{mutex_};
    return std::time(nullptr) < until_ ? answer_ : std::string{};
  }

private:
  const x509_ptr certificate_;
  const x509_ptr issuer_;
  const std::vector<std::string> urls_;
  mutable std::mutex mutex_;
  std::string answer_;
  std::time_t until_ = 0;
};

/// When to ask again.
/// @param until end of the answer at hand; 0: there is none.
/// @returns half of what is left, from a minute to an hour.
std::chrono::seconds staple_pause(std::time_t now, std::time_t until);

} // namespace switchboard::net
