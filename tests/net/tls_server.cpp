#define CAF_SUITE tls_server
#include <caf/test/unit_test.hpp>

#include <sys/socket.h>

#include "net/tls_context.hpp"
#include "net/tls_tickets.hpp"
#include "net/tls_wire.hpp"
#include "tls_peer.hpp"

using namespace switchboard;
using namespace switchboard::net;
using namespace tls_peer;

using progress = handshaking_wire::progress;

namespace {

struct fixture {
  scratch_folder folder;
  identity authority = issue({.subject = "root", .authority = true});
  identity leaf = issue({.names = "DNS:a.example", .issuer = &authority});
  identity client = issue({.subject = "client", .issuer = &authority});
  identity stranger = issue({.subject = "stranger"});
  tls_options options;
  std::shared_ptr<tls_context> context;

  fixture() {
    options.key_store.emplace().path =
        folder.write("key.pem", leaf.certificate_pem() + leaf.key_pem());
    options.trust_store.path =
        folder.write("trust.pem", authority.certificate_pem());
    make();
  }

  void make() {
    std::string problem;
    context = tls_context::make(role::server, options, problem);
    CAF_REQUIRE_EQUAL(problem, "");
  }

  /// What a handshake with that client comes to on our side. In TLS 1.3 the
  /// client learns of it only when it reads.
  std::string meet(peer& other) {
    auto ends = connect_pair();
    auto aut = make_tls_wire(std::move(ends.ours), context);
    other.attach(std::move(ends.theirs));
    auto outcome = shake_hands(*aut, other);
    if (outcome.what != progress::done)
      return outcome.problem;
    iovec piece{const_cast<char*>("hello"), 5};
    aut->write({&piece, 1});
    until([&] { return !other.read().empty(); });
    return "done";
  }

  static void give(peer& to, const identity& who) {
    SSL_CTX_use_certificate(to.context(), who.certificate.get());
    SSL_CTX_use_PrivateKey(to.context(), who.key.get());
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tls_server_tests, fixture)

CAF_TEST(a client without a wish for a protocol is served) {
  peer other;
  CAF_CHECK_EQUAL(meet(other), "done");
}

CAF_TEST(HTTP 1.1 is chosen and nothing else is spoken) {
  peer browser;
  const unsigned char both[] = "\x02h2\x08http/1.1";
  SSL_CTX_set_alpn_protos(browser.context(), both, sizeof both - 1);
  CAF_CHECK_EQUAL(meet(browser), "done");
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(browser.ssl(), &chosen, &size);
  CAF_CHECK_EQUAL((std::string{reinterpret_cast<const char*>(chosen), size}),
                  "http/1.1");
  peer other;
  SSL_CTX_set_alpn_protos(other.context(), both, 3);
  CAF_CHECK_EQUAL(meet(other), "no application protocol");
}

CAF_TEST(a client of TLS 1.1 is refused) {
  peer other;
  SSL_CTX_set_security_level(other.context(), 0);
  SSL_CTX_set_min_proto_version(other.context(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(other.context(), TLS1_1_VERSION);
  CAF_CHECK_EQUAL(meet(other), "unsupported protocol");
}

CAF_TEST(a client shows a certificate where it is asked for) {
  const struct {
    client_authentication how;
    const identity* shown;
    std::string expected;
  } rows[] = {
      {client_authentication::none, &stranger, "done"},
      {client_authentication::optional, nullptr, "done"},
      {client_authentication::optional, &client, "done"},
      {client_authentication::optional, &stranger,
       "certificate verify failed: self-signed certificate"},
      {client_authentication::required, nullptr,
       "peer did not return a certificate"},
      {client_authentication::required, &client, "done"},
      {client_authentication::required, &stranger,
       "certificate verify failed: self-signed certificate"},
  };
  for (auto& [how, shown, expected] : rows) {
    options.client_auth = how;
    make();
    peer other;
    if (shown != nullptr)
      give(other, *shown);
    CAF_CHECK_EQUAL(meet(other), expected);
  }
}

CAF_TEST(sessions are resumed by tickets) {
  for (auto version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    peer other;
    SSL_CTX_set_max_proto_version(other.context(), version);
    SSL_CTX_set_session_cache_mode(other.context(), SSL_SESS_CACHE_CLIENT);
    CAF_CHECK_EQUAL(meet(other), "done");
    auto session = SSL_get1_session(other.ssl());
    auto again = [&] {
      auto ends = connect_pair();
      auto aut = make_tls_wire(std::move(ends.ours), context);
      other.attach(std::move(ends.theirs));
      SSL_set_session(other.ssl(), session);
      CAF_REQUIRE(shake_hands(*aut, other).what == progress::done);
      return SSL_session_reused(other.ssl()) == 1;
    };
    CAF_CHECK(again());
    // Another listener knows nothing of it.
    make();
    CAF_CHECK(!again());
    SSL_SESSION_free(session);
  }
}

// A client of TLS 1.3 uses a ticket once (RFC 8446 appendix C.4).
CAF_TEST(a connection that was resumed gets a ticket for the next) {
  peer other;
  SSL_CTX_set_session_cache_mode(other.context(), SSL_SESS_CACHE_CLIENT);
  SSL_SESSION* session = nullptr;
  for (auto resumed : {false, true, true, true}) {
    auto ends = connect_pair();
    auto aut = make_tls_wire(std::move(ends.ours), context);
    other.attach(std::move(ends.theirs));
    if (session != nullptr)
      SSL_set_session(other.ssl(), session);
    SSL_SESSION_free(session);
    CAF_REQUIRE(shake_hands(*aut, other).what == progress::done);
    iovec piece{const_cast<char*>("hello"), 5};
    aut->write({&piece, 1});
    until([&] { return !other.read().empty(); });
    CAF_CHECK_EQUAL(SSL_session_reused(other.ssl()) == 1, resumed);
    session = SSL_get1_session(other.ssl());
    CAF_CHECK_EQUAL(SSL_SESSION_is_resumable(session), 1);
  }
  SSL_SESSION_free(session);
}

CAF_TEST(what a client has shown is told) {
  options.client_auth = client_authentication::optional;
  make();
  for (auto version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    peer other;
    SSL_CTX_set_max_proto_version(other.context(), version);
    give(other, client);
    SSL_SESSION* session = nullptr;
    // The second time a ticket stands for it.
    for (auto resumed : {false, true}) {
      auto ends = connect_pair();
      auto aut = make_tls_wire(std::move(ends.ours), context);
      other.attach(std::move(ends.theirs));
      if (resumed)
        SSL_set_session(other.ssl(), session);
      CAF_REQUIRE(shake_hands(*aut, other).what == progress::done);
      iovec piece{const_cast<char*>("hello"), 5};
      aut->write({&piece, 1});
      until([&] { return !other.read().empty(); });
      CAF_CHECK_EQUAL(SSL_session_reused(other.ssl()) == 1, resumed);
      auto shown = aut->peer();
      CAF_CHECK_EQUAL(shown.subject, "CN=client");
      CAF_CHECK_EQUAL(shown.issuer, "CN=root");
      CAF_CHECK_EQUAL(shown.pem, client.certificate_pem());
      CAF_CHECK_EQUAL(shown.fingerprint.size(), 32u * 3 - 1);
      CAF_CHECK(!shown.serial.empty());
      if (!resumed)
        session = SSL_get1_session(other.ssl());
    }
    SSL_SESSION_free(session);
  }
  peer other;
  auto ends = connect_pair();
  auto aut = make_tls_wire(std::move(ends.ours), context);
  other.attach(std::move(ends.theirs));
  CAF_REQUIRE(shake_hands(*aut, other).what == progress::done);
  CAF_CHECK(aut->peer().empty());
}

CAF_TEST(a context knows when its certificates expire) {
  auto days = [&] {
    auto left = *context->expires() - std::chrono::system_clock::now();
    return std::chrono::round<std::chrono::hours>(left).count() / 24;
  };
  CAF_CHECK_EQUAL(days(), 30);
  auto middle = issue({.subject = "middle",
                       .until = 7,
                       .issuer = &authority,
                       .authority = true});
  auto below = issue({.names = "DNS:a.example", .issuer = &middle});
  options.key_store->path =
      folder.write("chain.pem", below.certificate_pem() + below.key_pem()
                                    + middle.certificate_pem());
  make();
  CAF_CHECK_EQUAL(days(), 7);
  std::string problem;
  options.key_store.reset();
  CAF_CHECK(!tls_context::make(role::client, options, problem)->expires());
}

CAF_TEST(a listener without a key store is wrong) {
  options.key_store.reset();
  std::string problem;
  CAF_CHECK(tls_context::make(role::server, options, problem) == nullptr);
  CAF_CHECK_EQUAL(problem, "a listener needs a key store");
}

CAF_TEST(a client that speaks HTTP is named as such) {
  auto ends = connect_pair();
  auto aut = make_tls_wire(std::move(ends.ours), context);
  std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  ::send(ends.theirs.get(), text.data(), text.size(), 0);
  std::string problem;
  until([&] { return aut->handshake(problem) == progress::failed; });
  CAF_CHECK_EQUAL(problem, "the peer does not speak TLS");
}

CAF_TEST(keys of tickets are replaced and taken for one period more) {
  tls_tickets::clock::time_point now{std::chrono::hours{1000}};
  context_ptr server{SSL_CTX_new(TLS_server_method())};
  SSL_CTX_use_certificate(server.get(), leaf.certificate.get());
  SSL_CTX_use_PrivateKey(server.get(), leaf.key.get());
  tls_tickets keys{server.get(), [&] {
                     return now;
                   }};
  peer other;
  auto meet_at = [&](SSL_SESSION* session) {
    auto ends = connect_pair();
    ssl_ptr far{SSL_new(server.get())};
    SSL_set_fd(far.get(), ends.ours.get());
    SSL_set_accept_state(far.get());
    other.attach(std::move(ends.theirs));
    if (session != nullptr)
      SSL_set_session(other.ssl(), session);
    until([&] {
      auto one = other.shake();
      return SSL_do_handshake(far.get()) == 1 && one;
    });
    SSL_write(far.get(), "x", 1);
    until([&] { return !other.read().empty(); });
    return SSL_session_reused(other.ssl()) == 1;
  };
  CAF_CHECK(!meet_at(nullptr));
  auto session = SSL_get1_session(other.ssl());
  now += tls_tickets::period - std::chrono::seconds{1};
  CAF_CHECK(meet_at(session));
  now += std::chrono::seconds{1};
  CAF_CHECK(meet_at(session));
  now += tls_tickets::period;
  CAF_CHECK(!meet_at(session));
  SSL_SESSION_free(session);
}

CAF_TEST_FIXTURE_SCOPE_END()
