#include "net/ntlm_authentication.hpp"

#include <cstdint>
#include <utility>

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#include "net/ntlm_message.hpp"
#include "net/secret.hpp"

namespace switchboard::net {

namespace {

/// 1.3.6.1.4.1.311.2.2.10
constexpr char ntlm_oid[] = "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";

// GSS-API takes pointers to what it does not change.
gss_OID_desc ntlm_mechanism{sizeof(ntlm_oid) - 1, const_cast<char*>(ntlm_oid)};
gss_OID_set_desc ntlm_mechanisms{1, &ntlm_mechanism};

gss_buffer_desc buffer_of(std::string_view bytes) noexcept {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

/// Bytes that GSS-API made.
struct made_buffer : gss_buffer_desc {
  made_buffer() noexcept : gss_buffer_desc{0, nullptr} {}
  made_buffer(const made_buffer&) = delete;
  made_buffer& operator=(const made_buffer&) = delete;

  ~made_buffer() {
    OM_uint32 ignored;
    gss_release_buffer(&ignored, this);
  }

  std::string_view view() const noexcept {
    return {static_cast<const char*>(value), length};
  }
};

struct made_name {
  gss_name_t value = GSS_C_NO_NAME;

  made_name() noexcept = default;
  made_name(const made_name&) = delete;
  made_name& operator=(const made_name&) = delete;

  ~made_name() {
    OM_uint32 ignored;
    gss_release_name(&ignored, &value);
  }

  OM_uint32 import(OM_uint32& minor, std::string_view text, gss_OID type) {
    auto bytes = buffer_of(text);
    return gss_import_name(&minor, &bytes, type, &value);
  }
};

void append_status(std::string& text, OM_uint32 code, int type) {
  OM_uint32 ignored;
  OM_uint32 more = 0;
  made_buffer part;
  if (gss_display_status(&ignored, code, type, &ntlm_mechanism, &more, &part)
          == GSS_S_COMPLETE
      && part.length > 0) {
    text += text.empty() ? "" : ": ";
    text += part.view();
  }
}

std::string describe(OM_uint32 major, OM_uint32 minor) {
  std::string result;
  append_status(result, major, GSS_C_GSS_CODE);
  if (minor != 0)
    append_status(result, minor, GSS_C_MECH_CODE);
  return "NTLM failed: " + result;
}

/// The form that leaves no doubt what is the domain: it is before the first
/// backslash, and is nothing where a name is as in a mail address.
std::string user_name(const ntlm_identity& identity) {
  std::string result{identity.domain};
  if (!result.empty()
      || (identity.username.find('@') != identity.username.npos
          && identity.username.find('\\') == identity.username.npos))
    result += '\\';
  result += identity.username;
  return result;
}

} // namespace

bool ntlm_available() {
  OM_uint32 minor;
  made_name any;
  made_name of_ntlm;
  // What needs the mechanism's library loads it.
  return any.import(minor, "user", GSS_C_NT_USER_NAME) == GSS_S_COMPLETE
         && gss_canonicalize_name(&minor, any.value, &ntlm_mechanism,
                                  &of_ntlm.value)
                == GSS_S_COMPLETE;
}

struct ntlm_handshake::state {
  gss_cred_id_t credentials = GSS_C_NO_CREDENTIAL;
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  made_name target;
  std::string workstation;
  std::string problem;

  ~state() {
    OM_uint32 ignored;
    gss_delete_sec_context(&ignored, &context, GSS_C_NO_BUFFER);
    gss_release_cred(&ignored, &credentials);
  }

  bool good(OM_uint32 major, OM_uint32 minor) {
    if (!GSS_ERROR(major))
      return true;
    problem = describe(major, minor);
    return false;
  }

  void acquire(const ntlm_identity& identity) {
    OM_uint32 minor = 0;
    made_name user;
    auto major = user.import(minor, user_name(identity), GSS_C_NT_USER_NAME);
    if (!good(major, minor))
      return;
    if (identity.password.find('\0') != identity.password.npos) {
      problem = "the password holds a zero byte, which NTLM cannot send";
      return;
    }
    // gss-ntlmssp reads up to a zero, whatever the length says.
    secret password{identity.password, std::string_view{"\0", 1}};
    auto bytes = buffer_of(password.view());
    --bytes.length;
    major = gss_acquire_cred_with_password(
        &minor, user.value, &bytes, GSS_C_INDEFINITE, &ntlm_mechanisms,
        GSS_C_INITIATE, &credentials, nullptr, nullptr);
    if (!good(major, minor))
      return;
    std::string service{"HTTP@"};
    service += identity.host;
    major = target.import(minor, service, GSS_C_NT_HOSTBASED_SERVICE);
    good(major, minor);
  }

  /// One round; without `input` the first.
  std::optional<std::string> step(gss_buffer_desc* input, bool last) {
    if (!problem.empty())
      return std::nullopt;
    OM_uint32 minor = 0;
    made_buffer output;
    // No signing and sealing: HTTP does neither.
    auto major = gss_init_sec_context(
        &minor, credentials, &context, target.value, &ntlm_mechanism, 0,
        GSS_C_INDEFINITE, GSS_C_NO_CHANNEL_BINDINGS, input, nullptr, &output,
        nullptr, nullptr);
    if (!good(major, minor))
      return std::nullopt;
    if ((major == GSS_S_COMPLETE) != last || output.length == 0) {
      problem = "NTLM's handshake went another way than it should";
      return std::nullopt;
    }
    return std::string{output.view()};
  }
};

ntlm_handshake::ntlm_handshake(const ntlm_identity& identity)
    : state_(std::make_unique<state>()) {
  state_->workstation = identity.workstation;
  if (ntlm_available())
    state_->acquire(identity);
  else
    state_->problem = "the system's GSS-API has no NTLM (Debian's package "
                      "gss-ntlmssp brings it)";
}

ntlm_handshake::~ntlm_handshake() = default;
ntlm_handshake::ntlm_handshake(ntlm_handshake&&) noexcept = default;
ntlm_handshake& ntlm_handshake::operator=(ntlm_handshake&&) noexcept = default;

std::optional<std::string> ntlm_handshake::open() {
  return state_->step(nullptr, false);
}

std::optional<std::string> ntlm_handshake::respond(std::string_view challenge) {
  auto& self = *state_;
  if (self.problem.empty() && self.context == GSS_C_NO_CONTEXT)
    self.problem = "NTLM's handshake was not opened";
  std::string mended{challenge};
  mend_ntlm_challenge(mended);
  auto input = buffer_of(mended);
  auto message = self.step(&input, true);
  if (message && !self.workstation.empty()
      && !set_ntlm_workstation(*message, self.workstation)) {
    self.problem = "the workstation's name cannot be sent by NTLM";
    return std::nullopt;
  }
  return message;
}

const std::string& ntlm_handshake::problem() const noexcept {
  return state_->problem;
}

} // namespace switchboard::net
