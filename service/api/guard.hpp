#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <switchboard/options.hpp>

#include "service/api/http.hpp"

namespace switchboard::service::api {

/// What a request says about who sends it. Unset: the header is not there.
struct sender {
  std::optional<std::string_view> authorization;
  std::optional<std::string_view> host;
  std::optional<std::string_view> origin;
  /// Whether its connection has shown a certificate that holds.
  bool certified = false;
};

/// Decides who may use the API. With tokens: who brings one of them. Where
/// certificates of clients count: who has shown one. With neither: whoever
/// reaches the loopback address. A page may not drive the API through the
/// browser that shows it, where no token is asked for: neither from another
/// origin nor by a name that it lets point to this machine (DNS rebinding).
class guard {
public:
  /// @param tls of the API; null: plain HTTP.
  explicit guard(const admin_options& options,
                 const tls_options* tls = nullptr);

  /// Accepts other tokens from here on.
  /// @param by_certificate whether certificates of clients count from here on;
  ///        once they did, they always do.
  void change(const std::vector<std::string>& tokens, bool by_certificate);

  /// @returns the refusal, 401 or 403; `nullopt` for who may pass.
  std::optional<answer> refuse(const sender& who) const;

private:
  using digest = std::array<unsigned char, 32>;

  static digest digest_of(std::string_view text);
  std::optional<answer> refuse_by_token(const sender& who) const;
  std::optional<answer> refuse_name(const sender& who) const;
  std::optional<answer> refuse_origin(const sender& who) const;
  bool is_local_name(std::string_view host) const;

  /// SHA-256 of each token: of one length, whatever the tokens are.
  std::vector<digest> tokens_;
  std::string host_;
  /// What an origin of ours begins with.
  std::string scheme_;
  bool by_certificate_;
};

/// The host of a `Host` header in lower case: without port, IPv6 without its
/// brackets.
std::string host_of(std::string_view header);

} // namespace switchboard::service::api
