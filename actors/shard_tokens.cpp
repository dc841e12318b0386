#include "actors/shard_actor.hpp"

#include "net/authenticator.hpp"

// What a shard does with the tokens that its sockets were let in with.

namespace switchboard::actors {

void shard_actor::expires(socket& who, token_expiries::clock::time_point when) {
  expiries_.set(who, when);
}

void shard_actor::token_expired(socket& who) {
  who.close(close_codes::token_expired, "token expired", {},
            closed_by::token_expired);
}

caf::error shard_actor::renew_token(socket& who, const std::string& token) {
  auto& known = who.identity();
  auto refuse = [&](std::string why) {
    return make_error(errc::invalid_argument,
                      "socket " + std::string{known.socket_id()} + ": "
                          + std::move(why));
  };
  if (known.claims().empty())
    return refuse("it was not let in with a token");
  auto judge = gateway_.authenticator_of(who.listener());
  if (!judge)
    return refuse("its listener takes no tokens any more");
  std::string problem;
  auto fresh =
      judge->check_token(token, net::authenticator::clock::now(), problem);
  if (!fresh)
    return refuse("the token " + problem);
  if (fresh->user != known.user())
    return refuse("the token is of another subject");
  if (fresh->expires)
    expiries_.set(who, *fresh->expires);
  else
    expiries_.forget(who);
  return caf::none;
}

} // namespace switchboard::actors
