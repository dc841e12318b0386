#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <switchboard/options.hpp>

#include "net/deflate.hpp"
#include "net/dial.hpp"
#include "net/handshake.hpp"
#include "net/response_reader.hpp"

namespace switchboard::net {

/// What a client's upgrade request says (RFC 6455 §4.1).
struct upgrade_request {
  dial_target target;
  /// The caller's; a Host among them stands in place of the target's.
  header_list headers;
  /// 16 random bytes in base64.
  std::string key;
  std::vector<std::string> subprotocols;
  /// The offer of permessage-deflate; empty: none.
  std::string extensions;
  /// Whether header names go out as they are written, else in lower case.
  bool preserve_case = false;
};

/// A fresh key from the CSPRNG.
std::string make_upgrade_key();

/// The request, complete.
std::string render(const upgrade_request& request);

/// What both sides agreed on.
struct upgrade_agreement {
  std::string subprotocol;
  std::optional<deflate_agreement> compression;
};

/// Judges a 101 by RFC 6455 §4.1 and RFC 7692 §7.1.
/// @param compression what the offer was made of.
/// @returns why the connection must fail; empty where it may go on.
std::string judge_upgrade_answer(const http_response& answer,
                                 const upgrade_request& request,
                                 const compression_options& compression,
                                 upgrade_agreement& agreed);

/// `host:port` as Host and CONNECT write it, without a default port where
/// `with_default_port` is not set; IPv6 in brackets.
std::string authority_of(const dial_target& target, bool with_default_port);

/// Reads a url's port.
/// @param text as it stands there; empty: the scheme's own.
/// @returns `nullopt` for 0 and above 65535.
std::optional<std::uint16_t> read_port(std::string_view text,
                                       bool secure) noexcept;

/// Whether a decoded host is a name or an address and nothing that could end
/// a line or a header.
bool is_host_text(std::string_view host) noexcept;

/// Two targets of one origin share scheme, host and port (RFC 6454 §4).
bool same_origin(const dial_target& x, const dial_target& y) noexcept;

/// Where a redirect leads.
/// @param location absolute, or relative to `from`; http and https read as ws
///        and wss.
/// @param problem receives a clause where the result is `nullopt`: the
///        location cannot be read, or leads from WSS to WS.
std::optional<dial_target> follow_redirect(const dial_target& from,
                                           std::string_view location,
                                           std::string& problem);

} // namespace switchboard::net
