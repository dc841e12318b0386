#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/certificate_judge.hpp"

namespace switchboard::net {

/// A place where the newest OCSP answer about a certificate of ours lies.
class staple_box;

/// A chain whose certificates are to be checked.
struct chain_in_question {
  std::shared_ptr<const revocation_policy> policy;
  std::vector<certificate_in_question> certificates;
};

/// Checks certificates, and keeps answers about our own fresh, on a thread of
/// its own: it asks responders, reads CRLs and verifies signatures without
/// holding up a shard. What it finds out it remembers for all of its users.
/// Any thread.
class revocation_service {
public:
  /// @param problem why the chain does not pass: names the certificate; empty
  ///        where it does.
  using callback = std::function<void(std::string problem)>;

  explicit revocation_service(const revocation_limits& how = {});

  /// Gives up what is under way; not every callback is called then. Not from
  /// within one.
  ~revocation_service();

  /// The one that all contexts of the process share; it goes with the last.
  static std::shared_ptr<revocation_service> shared();

  /// @param done called once, on the service's thread, or before this returns
  ///        where too many checks wait already. Must not own the service.
  void check(chain_in_question what, callback done);

  /// Fetches OCSP answers about a certificate into the box until nobody but
  /// the service knows the box any more.
  void keep_fresh(const std::shared_ptr<staple_box>& box);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace switchboard::net
