#include "net/http_authentication.hpp"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "net/base64.hpp"
#include "net/header_values.hpp"
#include "net/http_challenge.hpp"
#include "net/ntlm_authentication.hpp"
#include "net/secret.hpp"

namespace switchboard::net {

namespace {

/// Answers that one exchange takes: a kept nonce, a new one, and two that
/// were too old when they arrived.
constexpr int max_answers = 4;

enum class side : std::uint8_t { peer, proxy };

/// What we are ready to answer with.
enum class method_set : std::uint8_t {
  none,
  basic,
  digest,
  digest_or_basic,
  ntlm,
};

method_set methods_of(const authentication_options& options) noexcept {
  switch (options.scheme) {
    case authentication_scheme::digest:
      return method_set::digest;
    case authentication_scheme::ntlm:
      return method_set::ntlm;
    case authentication_scheme::basic:
      break;
  }
  return method_set::basic;
}

method_set methods_of(const proxy_options& options) noexcept {
  if (!options.ntlm_domain.empty())
    return method_set::ntlm;
  return options.username.empty() ? method_set::none
                                  : method_set::digest_or_basic;
}

const http_challenge* find_scheme(const std::vector<http_challenge>& challenges,
                                  std::string_view scheme) noexcept {
  auto found =
      std::find_if(challenges.begin(), challenges.end(), [&](auto& one) {
        return equal_ignoring_case(one.scheme, scheme);
      });
  return found == challenges.end() ? nullptr : &*found;
}

bool holds_control_characters(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

std::string place_of(side whose, std::string_view host, std::uint16_t port) {
  std::string result = whose == side::peer ? "peer " : "proxy ";
  for (auto c : host)
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result + " " + std::to_string(port);
}

} // namespace

struct authenticator::state {
  side whose = side::peer;
  method_set methods = method_set::none;
  bool preemptive = true;
  std::string username;
  secret password;
  std::string domain;
  std::string workstation;
  std::string host;
  /// Where the memory keeps this peer's challenge.
  std::string place;
  std::shared_ptr<digest_memory> kept;

  // Of the exchange under way.
  std::string problem;
  bool sent = false;
  /// Whether a refusal now is one of the credentials themselves.
  bool final = false;
  int answers = 0;
  /// The nonce of the credentials sent last.
  std::string nonce;
  std::optional<ntlm_handshake> ntlm;
  bool ntlm_proved = false;

  void begin() {
    problem.clear();
    sent = false;
    final = false;
    answers = 0;
    nonce.clear();
    ntlm.reset();
    ntlm_proved = false;
  }

  std::string subject() const {
    return whose == side::peer ? "the peer" : "the proxy";
  }

  std::nullopt_t fail(std::string why) {
    problem = std::move(why);
    return std::nullopt;
  }

  std::nullopt_t refused() {
    kept->forget(place, nonce);
    return fail(subject() + " refused the credentials");
  }

  std::optional<std::string> basic() {
    if (username.find(':') != username.npos)
      return fail("the username holds a colon, which Basic cannot send");
    if (holds_control_characters(username)
        || holds_control_characters(password.view()))
      return fail("username or password hold a control character, which "
                  "Basic cannot send");
    secret credentials{username, ":", password.view()};
    sent = true;
    final = true;
    return "Basic " + to_base64(credentials.view());
  }

  std::optional<std::string>
  digest(const digest_use& use, std::string_view method, std::string_view uri) {
    auto result =
        digest_credentials(use, username, password.view(), method, uri);
    if (!result)
      return fail("the username holds a control character, which Digest "
                  "cannot send");
    nonce = use.challenge.nonce;
    sent = true;
    return result;
  }

  std::optional<std::string>
  answer_digest(const std::vector<http_challenge>& challenges,
                const digest_challenge& challenge, std::string_view method,
                std::string_view uri) {
    bool stale = says_stale(challenges);
    // A nonce kept from before may be forgotten without being called stale.
    bool same = sent && challenge.nonce == nonce;
    if ((final || same) && !stale)
      return refused();
    if (++answers > max_answers)
      return fail(subject() + " finds every nonce too old");
    auto result = digest(kept->use(place, challenge), method, uri);
    final = true;
    return result;
  }

  std::optional<std::string> open_ntlm() {
    ntlm.emplace(
        ntlm_identity{username, password.view(), domain, workstation, host});
    auto message = ntlm->open();
    if (!message) {
      auto why = ntlm->problem();
      ntlm.reset();
      return fail(std::move(why));
    }
    return "NTLM " + to_base64(*message);
  }

  std::optional<std::string> answer_ntlm(const std::string& token) {
    if (ntlm_proved)
      return refused();
    if (!ntlm && token.empty())
      return open_ntlm();
    auto challenge = from_base64(token);
    if (!ntlm || !challenge || challenge->empty())
      return fail(subject() + " does not go on with NTLM's handshake");
    auto message = ntlm->respond(*challenge);
    if (!message)
      return fail(ntlm->problem());
    ntlm_proved = true;
    sent = true;
    return "NTLM " + to_base64(*message);
  }

  std::optional<std::string>
  answer(const std::vector<http_challenge>& challenges, std::string_view method,
         std::string_view uri) {
    if (methods == method_set::none)
      return fail("no credentials are configured for " + subject());
    if (methods == method_set::ntlm) {
      if (auto* challenge = find_scheme(challenges, "NTLM"))
        return answer_ntlm(challenge->token);
      return fail(subject() + " does not ask for NTLM");
    }
    if (methods != method_set::basic) {
      if (auto challenge = choose_digest(challenges))
        return answer_digest(challenges, *challenge, method, uri);
      if (methods == method_set::digest)
        return fail(subject() + " asks for no Digest that can be answered");
    }
    if (find_scheme(challenges, "Basic") == nullptr)
      return fail(methods == method_set::basic
                      ? subject() + " does not ask for Basic"
                      : subject() + " asks for neither Digest nor Basic");
    return final ? refused() : basic();
  }
};

authenticator::authenticator(const authentication_options& options,
                             std::string_view host, std::uint16_t port,
                             std::shared_ptr<digest_memory> kept)
    : state_(std::make_unique<state>()) {
  state_->methods = methods_of(options);
  state_->preemptive = options.preemptive;
  state_->username = options.username;
  state_->password = secret{options.password};
  state_->domain = options.domain;
  state_->workstation = options.workstation;
  state_->host = host;
  state_->place = place_of(side::peer, host, port);
  state_->kept = kept ? std::move(kept) : std::make_shared<digest_memory>();
}

authenticator::authenticator(const proxy_options& options,
                             std::shared_ptr<digest_memory> kept)
    : state_(std::make_unique<state>()) {
  state_->whose = side::proxy;
  state_->methods = methods_of(options);
  state_->username = options.username;
  state_->password = secret{options.password};
  state_->domain = options.ntlm_domain;
  state_->host = options.host;
  state_->place = place_of(side::proxy, options.host, options.port);
  state_->kept = kept ? std::move(kept) : std::make_shared<digest_memory>();
}

authenticator::~authenticator() = default;
authenticator::authenticator(authenticator&&) noexcept = default;
authenticator& authenticator::operator=(authenticator&&) noexcept = default;

unsigned authenticator::status() const noexcept {
  return state_->whose == side::peer ? 401 : 407;
}

std::string_view authenticator::challenge_header() const noexcept {
  return state_->whose == side::peer ? "WWW-Authenticate"
                                     : "Proxy-Authenticate";
}

std::string_view authenticator::credentials_header() const noexcept {
  return state_->whose == side::peer ? "Authorization" : "Proxy-Authorization";
}

std::optional<std::string> authenticator::first_header(std::string_view method,
                                                       std::string_view uri) {
  auto& self = *state_;
  self.begin();
  if (!self.preemptive)
    return std::nullopt;
  try {
    switch (self.methods) {
      case method_set::basic:
        return self.basic();
      case method_set::digest:
      case method_set::digest_or_basic:
        if (auto use = self.kept->use(self.place))
          return self.digest(*use, method, uri);
        break;
      case method_set::ntlm:
        return self.open_ntlm();
      case method_set::none:
        break;
    }
  } catch (const std::exception& error) {
    return self.fail(error.what());
  }
  return std::nullopt;
}

std::optional<std::string> authenticator::answer(const header_list& headers,
                                                 std::string_view method,
                                                 std::string_view uri) {
  state_->problem.clear();
  try {
    return state_->answer(parse_challenges(headers, challenge_header()), method,
                          uri);
  } catch (const std::exception& error) {
    return state_->fail(error.what());
  }
}

bool authenticator::needs_same_connection() const noexcept {
  return state_->ntlm_proved;
}

bool authenticator::credentials_sent() const noexcept {
  return state_->sent;
}

const std::string& authenticator::problem() const noexcept {
  return state_->problem;
}

} // namespace switchboard::net
