#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <openssl/ocsp.h>

#include "tls_peer.hpp"

/// What the tests of revocation share: answers and lists made on the spot, and
/// an HTTP server that gives them.
namespace revocation_rig {

using tls_peer::identity;
using tls_peer::unique_fd;

enum class fate { good, revoked, unknown };

struct answer_wish {
  fate what = fate::good;
  /// Null: the issuer.
  const identity* signer = nullptr;
  /// Seconds from now.
  long from = -60;
  /// Unset: the answer tells no end.
  std::optional<long> until = 3600;
  /// The question that it answers, for its nonce; empty: none.
  std::string question = {};
  /// What is sent along with it; null: nothing.
  const identity* shown = nullptr;
};

/// An OCSP answer about a certificate.
std::string make_answer(const identity& about, const identity& issuer,
                        const answer_wish& what = {});

/// An OCSP answer that only tells an error.
std::string make_error(int status);

struct crl_wish {
  /// Null: the issuer.
  const identity* signer = nullptr;
  std::vector<const identity*> revoked = {};
  /// Seconds from now.
  long from = -60;
  long until = 3600;
};

/// A CRL in DER.
std::string make_crl(const identity& issuer, const crl_wish& what = {});

std::string to_pem(const std::string& crl);

/// An HTTP server on a thread of its own; a connection at a time is answered,
/// silent paths are read and left open.
class web_server {
public:
  /// @returns the body of the answer; `nullopt`: says nothing.
  using page = std::function<std::optional<std::string>(const std::string&)>;

  web_server();
  ~web_server();

  /// Answers no more, and uses no page.
  void stop();

  /// @param what gets the body of the request.
  void serve(const std::string& path, page what);

  void serve(const std::string& path, std::string content) {
    serve(path, [content = std::move(content)](const std::string&) {
      return std::optional{content};
    });
  }

  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

  /// Requests for a path so far.
  int asked(const std::string& path) const;

private:
  void run();
  void answer(unique_fd fd);

  unique_fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopped_{false};
  mutable std::mutex mutex_;
  std::map<std::string, page> pages_;
  std::map<std::string, int> asked_;
  std::vector<unique_fd> silent_;
  std::thread thread_;
};

} // namespace revocation_rig
