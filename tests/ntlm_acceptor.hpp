#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <gssapi/gssapi.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

namespace switchboard::tests {

/// LeakSanitizer overlooks what is allocated as long as one of these lives:
/// gss-ntlmssp 1.2.0, Debian 12's, leaks a library context of OpenSSL with each
/// password that it hashes (1.3 does not), and OpenSSL's frames hide whose it
/// is from suppressions.
struct leaks_overlooked {
#ifdef __SANITIZE_ADDRESS__
  leaks_overlooked() {
    __lsan_disable();
  }

  ~leaks_overlooked() {
    __lsan_enable();
  }
#else
  leaks_overlooked() {}
#endif
  leaks_overlooked(const leaks_overlooked&) = delete;
  leaks_overlooked& operator=(const leaks_overlooked&) = delete;
};

/// A password file for gss-ntlmssp's acceptors of this process.
class ntlm_users {
public:
  /// @param lines `DOMAIN:user:password` each.
  explicit ntlm_users(std::string_view lines) {
    auto file = ::mkstemp(path_);
    if (file < 0)
      throw std::system_error{errno, std::generic_category(), path_};
    auto written = ::write(file, lines.data(), lines.size());
    ::close(file);
    if (written != static_cast<ssize_t>(lines.size()))
      throw std::runtime_error{"no password file"};
    ::setenv("NTLM_USER_FILE", path_, 1);
  }

  ~ntlm_users() {
    ::unsetenv("NTLM_USER_FILE");
    ::unlink(path_);
  }

  ntlm_users(const ntlm_users&) = delete;
  ntlm_users& operator=(const ntlm_users&) = delete;

private:
  char path_[32] = "/tmp/switchboard-ntlm-XXXXXX";
};

/// The accepting side of one NTLM handshake, by GSS-API.
class ntlm_acceptor {
public:
  ntlm_acceptor() = default;
  ntlm_acceptor(const ntlm_acceptor&) = delete;
  ntlm_acceptor& operator=(const ntlm_acceptor&) = delete;

  ~ntlm_acceptor() {
    OM_uint32 ignored;
    gss_delete_sec_context(&ignored, &context_, GSS_C_NO_BUFFER);
  }

  /// Takes a message.
  /// @returns what to answer; empty at the end, nothing where it is refused.
  std::optional<std::string> accept(std::string message) {
    leaks_overlooked of_the_library;
    // gss-ntlmssp wants the version in first messages, which curl leaves out.
    constexpr std::string_view first{"NTLMSSP\0\1\0\0\0", 12};
    constexpr std::size_t with_version = 40;
    if (message.starts_with(first) && message.size() < with_version)
      message.resize(with_version);
    gss_buffer_desc input{message.size(), message.data()};
    gss_buffer_desc output{0, nullptr};
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor = 0;
    auto major =
        gss_accept_sec_context(&minor, &context_, GSS_C_NO_CREDENTIAL, &input,
                               GSS_C_NO_CHANNEL_BINDINGS, &name, nullptr,
                               &output, nullptr, nullptr, nullptr);
    std::string result{static_cast<const char*>(output.value), output.length};
    OM_uint32 ignored;
    gss_release_buffer(&ignored, &output);
    if (major == GSS_S_COMPLETE) {
      complete_ = true;
      gss_buffer_desc shown{0, nullptr};
      // gss-ntlmssp counts the zero at the end.
      if (gss_display_name(&ignored, name, &shown, nullptr) == GSS_S_COMPLETE)
        user_ = std::string{static_cast<const char*>(shown.value), shown.length}
                    .c_str();
      gss_release_buffer(&ignored, &shown);
    }
    gss_release_name(&ignored, &name);
    if (GSS_ERROR(major))
      return std::nullopt;
    return result;
  }

  bool complete() const noexcept {
    return complete_;
  }

  /// `DOMAIN\user`, once complete.
  const std::string& user() const noexcept {
    return user_;
  }

private:
  gss_ctx_id_t context_ = GSS_C_NO_CONTEXT;
  bool complete_ = false;
  std::string user_;
};

} // namespace switchboard::tests
