#include "net/handshake_session.hpp"

#include <utility>

#include "net/authentication_source.hpp"
#include "net/password_checks.hpp"

// Whom a handshake lets in.

namespace switchboard::net {

namespace {

/// What somebody is told to wait who was refused for want of room, in seconds.
constexpr auto retry_after = "5";

} // namespace

std::string_view without_port(std::string_view address) noexcept {
  if (address.starts_with('['))
    return address.substr(1, address.find(']') - 1);
  return address.substr(0, address.rfind(':'));
}

listener_limit limit_of(refusal why) noexcept {
  switch (why) {
    case refusal::address:
      return listener_limit::connections_per_address;
    case refusal::memory:
      return listener_limit::memory;
    default:
      return listener_limit::connections;
  }
}

std::optional<address_key> handshake_session::client() const {
  auto peer = remote_address_of(wire_->fd());
  return address_key::of(client_address(request_, without_port(peer),
                                        state_->options.trusted_proxies));
}

/// Behind a proxy only the request tells whose connection it is.
/// @returns false where the address has as many as it may have.
bool handshake_session::find_place() {
  auto& options = state_->options;
  if (!state_->limits_addresses() || options.trusted_proxies.empty())
    return true;
  auto key = client();
  if (!key)
    return true;
  auto place =
      state_->addresses->enter(*key, options.max_connections_per_address);
  auto found = place != nullptr;
  lease_.hold(std::move(place));
  return found;
}

void handshake_session::refuse(refusal why) {
  header_list headers{{"Retry-After", retry_after}};
  switch (why) {
    case refusal::address:
      reject({429, "This address has as many connections as it may have.",
              std::move(headers)});
      break;
    case refusal::memory:
      reject({503, "There is no memory for another connection.",
              std::move(headers)});
      break;
    default:
      reject({503, "The listener has no room for another connection.",
              std::move(headers)});
  }
}

/// @returns whether the handshake may go on at once.
bool handshake_session::authenticate() {
  checked_ = std::make_unique<admission_check>(
      state_->authentication->current()->check(
          request_, authenticator::clock::now(), client()));
  if (checked_->pending) {
    stage_ = stage::authenticating;
    await_verdict(checked_->pending->fd());
    return false;
  }
  if (checked_->rejection)
    deny();
  return !checked_->rejection;
}

void handshake_session::end_authentication() {
  auto verdict = checked_->pending->get();
  if (!verdict)
    return;
  end_verdict();
  if (stage_ == stage::done)
    return;
  if (*verdict == password_checks::crowded_out)
    crowd_out(*checked_);
  if (verdict->empty())
    upgrade();
  else
    deny();
}

void handshake_session::give_up_authentication() {
  end_verdict();
  if (stage_ != stage::done)
    reject({503,
            "The credentials were not checked in time.",
            {{"Retry-After", retry_after}}});
}

void handshake_session::deny() {
  if (!checked_->cause.empty())
    delegate_.credentials_refused(*state_, remote_address_of(wire_->fd()),
                                  checked_->cause);
  reject(*checked_->rejection);
}

} // namespace switchboard::net
