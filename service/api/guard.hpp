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
};

/// Decides who may use the API. With tokens: who brings one of them. Without:
/// whoever reaches the loopback address, except web pages: a page may not
/// drive the API of the machine whose browser shows it, neither from another
/// origin nor by a name that it lets point to this machine (DNS rebinding).
class guard {
public:
  explicit guard(const admin_options& options);

  /// @returns the refusal, 401 or 403; `nullopt` for who may pass.
  std::optional<answer> refuse(const sender& who) const;

private:
  using digest = std::array<unsigned char, 32>;

  static digest digest_of(std::string_view text);
  std::optional<answer> refuse_by_token(const sender& who) const;
  std::optional<answer> refuse_page(const sender& who) const;
  bool is_local_name(std::string_view host) const;

  /// SHA-256 of each token: of one length, whatever the tokens are.
  std::vector<digest> tokens_;
  std::string host_;
};

/// The host of a `Host` header in lower case: without port, IPv6 without its
/// brackets.
std::string host_of(std::string_view header);

} // namespace switchboard::service::api
