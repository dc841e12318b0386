#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <switchboard/authentication_options.hpp>

#include "net/address_counts.hpp"
#include "net/handshake.hpp"
#include "net/pending_verdict.hpp"

namespace switchboard::net {

/// Who somebody has shown to be.
struct identity {
  /// The token's `sub`, or the name; may be empty.
  std::string user;
  /// The token's claims as a JSON object; empty: there was no token.
  std::string claims;
  /// What the token says, each once.
  std::vector<std::string> groups;
  /// When it is good no more; none: never.
  std::optional<std::chrono::system_clock::time_point> expires;
};

/// What came of a request's credentials.
struct admission_check {
  /// Set: the answer. Where `pending` is set, the answer if that is bad.
  std::optional<http_rejection> rejection;
  /// Why credentials that were shown do not do: a clause for a log, nothing of
  /// them in it. Empty where none were shown.
  std::string cause;
  std::shared_ptr<const identity> who;
  /// Set: what is to be waited for.
  std::shared_ptr<pending_verdict> pending;
  /// To be agreed on where there is no other; empty: none.
  std::string subprotocol;
};

/// Makes one of a check that could not be made for want of room.
void crowd_out(admission_check& what);

/// Judges who may open a WebSocket. Never changes; any thread.
class authenticator {
public:
  using clock = std::chrono::system_clock;

  /// Reads the files that the options name.
  /// @param problem receives a sentence where the result is null: options and
  ///        cause, no secret.
  static std::shared_ptr<const authenticator>
  make(const listener_authentication& options, std::string& problem);

  virtual ~authenticator() = default;

  /// Takes all credentials out of the request, whatever comes of them.
  /// @param who has sent it, where that is known.
  virtual admission_check
  check(http_request& request, clock::time_point now,
        const std::optional<address_key>& who) const = 0;

  /// Judges a token that is to stand in another one's place.
  /// @returns null, with a clause in `problem`, where it does not do.
  virtual std::shared_ptr<const identity>
  check_token(std::string_view token, clock::time_point now,
              std::string& problem) const;
};

/// The files that `authenticator::make` reads.
std::vector<std::string> files_of(const listener_authentication& options);

} // namespace switchboard::net
