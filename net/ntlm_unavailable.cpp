// In place of ntlm_authentication.cpp where NTLM is not built in.

#include "net/ntlm_authentication.hpp"

namespace switchboard::net {

struct ntlm_handshake::state {
  std::string problem = "this program was built without NTLM";
};

bool ntlm_available() {
  return false;
}

ntlm_handshake::ntlm_handshake(const ntlm_identity&)
    : state_(std::make_unique<state>()) {}

ntlm_handshake::~ntlm_handshake() = default;
ntlm_handshake::ntlm_handshake(ntlm_handshake&&) noexcept = default;
ntlm_handshake& ntlm_handshake::operator=(ntlm_handshake&&) noexcept = default;

std::optional<std::string> ntlm_handshake::open() {
  return std::nullopt;
}

std::optional<std::string> ntlm_handshake::respond(std::string_view) {
  return std::nullopt;
}

const std::string& ntlm_handshake::problem() const noexcept {
  return state_->problem;
}

} // namespace switchboard::net
