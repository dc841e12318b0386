#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/address_counts.hpp"
#include "net/pending_verdict.hpp"

namespace switchboard::net {

/// Checks passwords on threads of its own, below the others' priority: a good
/// hash takes its time by design. Remembers for a while what it has found, by
/// a keyed digest; who asks the same at once shares one check. Addresses are
/// served in turn: who guesses much keeps nobody else waiting. Any thread.
class password_checks {
public:
  struct limits {
    std::size_t threads = 1;
    /// Different checks that may wait.
    std::size_t most_waiting = 256;
    std::size_t most_remembered = 8192;
    std::chrono::seconds success_lasts{60};
    /// So long the same wrong guess costs nothing.
    std::chrono::seconds failure_lasts{5};
  };

  enum class answer {
    right,
    wrong,
    /// The verdict will tell: nothing where it is right.
    later,
    /// As many wait as may.
    no_room,
  };

  /// What a verdict tells where others had to be given the room after all.
  static constexpr std::string_view crowded_out = "crowded out";

  struct outcome {
    answer what = answer::no_room;
    std::shared_ptr<pending_verdict> verdict;
  };

  /// That of the process, with a thread for two cores.
  static password_checks& shared();

  explicit password_checks(const limits& how);

  /// Waits for the checks at hand; those that wait are told that they fail.
  ~password_checks();

  password_checks(const password_checks&) = delete;
  password_checks& operator=(const password_checks&) = delete;

  /// @param who asks; those of no known address are one.
  /// @param hash as crypt(3) writes it.
  /// @param known false: nobody has the name, and the answer is `wrong` after
  ///        as much work.
  outcome check(const std::optional<address_key>& who, std::string_view name,
                std::string_view password, std::string_view hash, bool known);

  /// A number that a name always has in this process and nobody can guess.
  std::uint64_t draw(std::string_view name) const;

  /// Hashes computed so far.
  std::size_t computed() const noexcept;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace switchboard::net
