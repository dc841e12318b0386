#include "net/tls_sessions.hpp"

#include <utility>

namespace switchboard::net {

namespace {

void free_host(void*, void* host, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<std::string*>(host);
}

/// Where a connection keeps the host it is to.
int host_index() {
  static const int index =
      SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_host);
  return index;
}

/// Where a context keeps its sessions.
int sessions_index() {
  static const int index =
      SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

} // namespace

void tls_sessions::release::operator()(SSL_SESSION* session) const noexcept {
  SSL_SESSION_free(session);
}

tls_sessions::tls_sessions(SSL_CTX* context) {
  SSL_CTX_set_ex_data(context, sessions_index(), this);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT
                                              | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, on_new_session);
}

int tls_sessions::on_new_session(SSL* connection, SSL_SESSION* session) {
  auto self = static_cast<tls_sessions*>(
      SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), sessions_index()));
  auto host =
      static_cast<std::string*>(SSL_get_ex_data(connection, host_index()));
  if (self == nullptr || host == nullptr)
    return 0;
  self->keep(*host, session);
  return 1;
}

void tls_sessions::keep(const std::string& host, SSL_SESSION* session) {
  std::lock_guard guard{mutex_};
  if (auto i = by_host_.find(host); i != by_host_.end()) {
    i->second->session.reset(session);
    entries_.splice(entries_.begin(), entries_, i->second);
    return;
  }
  entries_.push_front({host, {}});
  entries_.front().session.reset(session);
  by_host_.emplace(host, entries_.begin());
  if (entries_.size() > capacity) {
    by_host_.erase(entries_.back().host);
    entries_.pop_back();
  }
}

void tls_sessions::prepare(SSL* connection, const std::string& host) {
  auto name = std::make_unique<std::string>(host);
  if (SSL_set_ex_data(connection, host_index(), name.get()) != 1)
    return;
  name.release();
  std::lock_guard guard{mutex_};
  auto i = by_host_.find(host);
  if (i == by_host_.end())
    return;
  auto session = i->second->session.get();
  if (SSL_SESSION_is_resumable(session) == 1)
    SSL_set_session(connection, session);
  // A ticket of TLS 1.3 is used once, so that nobody who watches can tell
  // that two connections are of the same client (RFC 8446 §C.4).
  if (SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION
      || SSL_SESSION_is_resumable(session) != 1) {
    entries_.erase(i->second);
    by_host_.erase(i);
  }
}

void tls_sessions::forget(SSL* connection) {
  auto host =
      static_cast<std::string*>(SSL_get_ex_data(connection, host_index()));
  std::lock_guard guard{mutex_};
  auto i = host == nullptr ? by_host_.end() : by_host_.find(*host);
  if (i == by_host_.end())
    return;
  entries_.erase(i->second);
  by_host_.erase(i);
}

std::size_t tls_sessions::size() const {
  std::lock_guard guard{mutex_};
  return entries_.size();
}

} // namespace switchboard::net
