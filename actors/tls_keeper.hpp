#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <switchboard/switchboard.hpp>

#include "actors/file_watch.hpp"
#include "net/tls_source.hpp"

namespace switchboard::actors {

/// Keeps TLS contexts up to date: has them read again when a file of theirs
/// changes or somebody asks, and warns of certificates that are about to
/// expire. Any thread; whoever owns it calls `look` every now and then.
class tls_keeper final : public file_keeper {
public:
  using clock = std::chrono::system_clock;

  /// How long before a certificate expires its warnings begin; there is one a
  /// day.
  static constexpr auto notice = std::chrono::hours{14 * 24};

  explicit tls_keeper(report_function report);

  /// Takes one more context into its care.
  void add(std::shared_ptr<net::tls_source> source);

  /// Reads again what has changed since it was read and was at rest since the
  /// last look: a file may be in the middle of being written.
  void look(clock::time_point now) override;

  /// Reads everything again.
  void renew() override;

  /// Seconds until the certificates of each name expire.
  std::map<std::string, std::chrono::seconds>
  expiry(clock::time_point now) const;

private:
  using stamps = std::vector<net::file_stamp>;

  /// The contexts of one `tls_options`: a server's, a client's or both.
  struct entry {
    std::vector<std::shared_ptr<net::tls_source>> sources;
    /// What a change looked like that was not at rest yet.
    std::optional<stamps> changing;
    std::optional<clock::time_point> warned;
    /// Of the certificate that the warning was about.
    std::optional<clock::time_point> warned_of;
  };

  void look_at_files(const std::string& name, entry& of);
  void look_at_expiry(const std::string& name, entry& of,
                      clock::time_point now);
  void read(const std::string& name, entry& of);
  void note(report::severity level, std::string text, const std::string& name);
  /// Reports what was noted, without the lock: whoever listens may ask us.
  void tell(std::unique_lock<std::mutex>& guard);

  report_function report_;
  mutable std::mutex mutex_;
  std::map<std::string, entry> entries_;
  std::vector<report> notes_;
};

} // namespace switchboard::actors
