#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <switchboard/options.hpp>

#include "net/deflate.hpp"
#include "net/handshake.hpp"
#include "net/loop.hpp"
#include "net/wire.hpp"

namespace switchboard::net {

class digest_memory;
class resolver;

/// Where a WebSocket is to be opened.
struct dial_target {
  bool secure = false;
  /// A name or an address; IPv6 without brackets.
  std::string host;
  std::uint16_t port = 80;
  /// Path and query, percent-encoded; begins with `/`.
  std::string request_uri = "/";
};

/// Makes a wire that encrypts out of a connected, non-blocking socket.
/// @param host for SNI and for the check of the peer's certificate.
using make_secure_wire = std::function<std::unique_ptr<handshaking_wire>(
    unique_fd fd, const std::string& host)>;

/// What all dials of one configuration share.
struct dial_options {
  /// Empty: WSS cannot be dialed.
  make_secure_wire secure_wire;
  std::optional<proxy_options> proxy;
  std::optional<authentication_options> authentication;
  /// Digest challenges of the peers and of the proxy, for the next dials; may
  /// be null.
  std::shared_ptr<digest_memory> peer_digests;
  std::shared_ptr<digest_memory> proxy_digests;
  compression_options compression;
  /// Offered in this order.
  std::vector<std::string> subprotocols;
  bool follow_redirects = true;
  bool preserve_headers_case = false;
  /// Status line and headers of an answer, in bytes; a larger one fails.
  std::size_t max_header_size = 16 * 1024;
};

/// A finished handshake of ours.
struct dialed {
  std::unique_ptr<wire> stream;
  /// Where it ended up, redirects followed.
  dial_target target;
  /// Of the upgrade answer; names in lower case unless case is preserved.
  header_list headers;
  std::string subprotocol;
  std::optional<deflate_agreement> compression;
  /// `address:port`, IPv6 in brackets.
  std::string local_address;
  std::string remote_address;
  /// What the peer sent behind its answer.
  std::vector<std::byte> received;
};

/// Why there is no WebSocket.
struct dial_failure {
  enum class kind : std::uint8_t {
    /// Name, TCP, TLS, proxy or the deadline failed, or the answer is no
    /// valid upgrade.
    connectivity,
    /// The peer closed before the handshake was complete.
    remotely_closed,
    /// 401 although credentials were sent.
    basic_authentication,
    /// 401, 403, 404, 500 and 503 of the peer (not of a proxy).
    unauthorized,
    forbidden,
    not_found,
    internal_server_error,
    service_unavailable,
  };

  kind what = kind::connectivity;
  /// One sentence with the address, the cause, and what the peer answered:
  /// status, reason and the first 512 bytes of its body, control characters
  /// replaced. No secret.
  std::string text;
};

/// Told the outcome on the loop's thread, once, never from within `start`.
class dial_observer {
public:
  virtual void on_dialed(dialed&& what) = 0;
  virtual void on_dial_failed(dial_failure&& why) = 0;

protected:
  ~dial_observer() = default;
};

/// One outbound handshake under way: resolves, connects (RFC 8305), asks a
/// proxy, encrypts, upgrades, authenticates, follows redirects; all within
/// one deadline. Lives on its loop's thread; the owner disposes of it through
/// `loop::dispose`, which cuts it short, or after the observer was told.
class dial final : public disposable {
public:
  enum class purpose : std::uint8_t {
    websocket,
    /// TCP, proxy and TLS only: tells `on_dialed` of an unused wire.
    connectivity_test,
  };

  /// @param headers of the upgrade request, defaults merged in.
  dial(loop& home, std::shared_ptr<resolver> names,
       std::shared_ptr<const dial_options> options, dial_target target,
       header_list headers, clock::time_point deadline, dial_observer& observer,
       purpose why = purpose::websocket);
  ~dial() override;

  void start();

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Puts target and headers of an opening together: the client's defaults, the
/// call's own, uri parameters.
/// @param relative_path receives what operations match their patterns with:
///        the path below the base path, decoded as listeners do it.
/// @param problem receives one sentence where the result is `nullopt`: a url
///        that cannot be read, a `{name}` without a value, a header that
///        cannot be sent or that the handshake itself sets.
std::optional<dial_target> make_dial_target(const client_options& client,
                                            const outbound_options& call,
                                            header_list& headers,
                                            std::string& relative_path,
                                            std::string& problem);

} // namespace switchboard::net
