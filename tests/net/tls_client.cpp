#define CAF_SUITE tls_client
#include <caf/test/unit_test.hpp>

#include <sys/socket.h>

#include "net/tls_context.hpp"
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
  identity stranger = issue({.subject = "other root", .authority = true});
  std::shared_ptr<tls_context> context;

  fixture() {
    context = make({});
  }

  std::shared_ptr<tls_context> make(tls_options options) {
    if (options.trust_store.path.empty())
      options.trust_store.path =
          folder.write("trust.pem", authority.certificate_pem());
    std::string problem;
    auto result = tls_context::make(role::client, options, problem);
    CAF_REQUIRE_EQUAL(problem, "");
    return result;
  }

  /// What a handshake with a server of that certificate comes to: "done" or
  /// why it failed.
  std::string meet(peer& other, const std::string& host) {
    auto ends = connect_pair();
    auto aut = make_client_wire(context)(std::move(ends.ours), host);
    other.attach(std::move(ends.theirs));
    auto outcome = shake_hands(*aut, other);
    return outcome.what == progress::done ? "done" : outcome.problem;
  }

  std::string meet(const wish& what, const std::string& host) {
    auto made = issue(what);
    peer other{made};
    return meet(other, host);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tls_client_tests, fixture)

CAF_TEST(certificates are right or wrong for a host) {
  auto& root = authority;
  const std::string mismatch = "certificate verify failed: hostname mismatch";
  const std::string wrong_address =
      "certificate verify failed: IP address mismatch";
  const struct {
    wish what;
    std::string host;
    std::string expected;
  } rows[] = {
      {{.names = "DNS:a.example", .issuer = &root}, "a.example", "done"},
      {{.names = "DNS:a.example", .issuer = &root}, "A.EXAMPLE", "done"},
      {{.names = "DNS:a.example", .issuer = &root}, "a.example.", "done"},
      {{.names = "DNS:b.example", .issuer = &root}, "a.example", mismatch},
      {{.names = "DNS:*.example.org", .issuer = &root},
       "a.example.org",
       "done"},
      {{.names = "DNS:*.example.org", .issuer = &root},
       "a.b.example.org",
       mismatch},
      {{.names = "DNS:*.example.org", .issuer = &root},
       "example.org",
       mismatch},
      {{.names = "DNS:a*.example.org", .issuer = &root},
       "ab.example.org",
       mismatch},
      {{.names = "IP:127.0.0.1", .issuer = &root}, "127.0.0.1", "done"},
      {{.names = "IP:::1", .issuer = &root}, "::1", "done"},
      {{.names = "IP:::1", .issuer = &root}, "::1%lo", "done"},
      {{.names = "IP:127.0.0.2", .issuer = &root}, "127.0.0.1", wrong_address},
      // A name is no address, whatever it looks like.
      {{.names = "DNS:127.0.0.1", .issuer = &root}, "127.0.0.1", wrong_address},
      {{.names = "DNS:a.example", .from = -9, .until = -1, .issuer = &root},
       "a.example",
       "certificate verify failed: certificate has expired"},
      {{.names = "DNS:a.example", .from = 3, .issuer = &root},
       "a.example",
       "certificate verify failed: certificate is not yet valid"},
      {{.names = "DNS:a.example"},
       "a.example",
       "certificate verify failed: self-signed certificate"},
      {{.names = "DNS:a.example", .issuer = &stranger},
       "a.example",
       "certificate verify failed: unable to get local issuer certificate"},
  };
  for (auto& [what, host, expected] : rows) {
    auto seen = meet(what, host);
    CAF_MESSAGE(what.names << " for " << host);
    CAF_CHECK_EQUAL(seen, expected);
  }
}

CAF_TEST(a chain leads to the root) {
  auto middle =
      issue({.subject = "middle", .issuer = &authority, .authority = true});
  auto leaf = issue({.names = "DNS:a.example", .issuer = &middle});
  peer with{leaf, &middle};
  CAF_CHECK_EQUAL(meet(with, "a.example"), "done");
  peer without{leaf};
  CAF_CHECK_EQUAL(meet(without, "a.example"),
                  "certificate verify failed: unable to get local issuer "
                  "certificate");
}

CAF_TEST(a certificate that an operator names is trusted as it is) {
  auto leaf = issue({.names = "DNS:a.example", .issuer = &stranger});
  tls_options options;
  options.trust_store.path = folder.write("leaf.pem", leaf.certificate_pem());
  context = make(options);
  peer other{leaf};
  CAF_CHECK_EQUAL(meet(other, "a.example"), "done");
  peer again{leaf};
  CAF_CHECK_EQUAL(meet(again, "b.example"),
                  "certificate verify failed: hostname mismatch");
}

CAF_TEST(insecure looks at nothing) {
  tls_options options;
  options.trust_store.insecure = true;
  context = make(options);
  CAF_CHECK_EQUAL(
      meet({.names = "DNS:b.example", .from = -5, .until = -1}, "a.example"),
      "done");
}

CAF_TEST(names are told to the server and addresses are not ) {
  auto leaf =
      issue({.names = "DNS:a.example,IP:127.0.0.1", .issuer = &authority});
  peer other{leaf};
  CAF_CHECK_EQUAL(meet(other, "a.example"), "done");
  auto name = SSL_get_servername(other.ssl(), TLSEXT_NAMETYPE_host_name);
  CAF_REQUIRE(name != nullptr);
  CAF_CHECK_EQUAL(std::string{name}, "a.example");
  peer numeric{leaf};
  CAF_CHECK_EQUAL(meet(numeric, "127.0.0.1"), "done");
  CAF_CHECK(SSL_get_servername(numeric.ssl(), TLSEXT_NAMETYPE_host_name)
            == nullptr);
}

CAF_TEST(HTTP 1.1 is what a client offers) {
  auto leaf = issue({.names = "DNS:a.example", .issuer = &authority});
  peer other{leaf};
  auto choose = [](SSL*, const unsigned char** out, unsigned char* size,
                   const unsigned char* in, unsigned, void*) {
    *out = in + 1;
    *size = *in;
    return SSL_TLSEXT_ERR_OK;
  };
  SSL_CTX_set_alpn_select_cb(other.context(), choose, nullptr);
  CAF_CHECK_EQUAL(meet(other, "a.example"), "done");
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(other.ssl(), &chosen, &size);
  CAF_CHECK_EQUAL((std::string{reinterpret_cast<const char*>(chosen), size}),
                  "http/1.1");
}

CAF_TEST(protocols before TLS 1.2 are refused unless they are named) {
  auto leaf = issue({.names = "DNS:a.example", .issuer = &authority});
  auto old = [&] {
    auto result = std::make_unique<peer>(leaf);
    SSL_CTX_set_security_level(result->context(), 0);
    SSL_CTX_set_min_proto_version(result->context(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(result->context(), TLS1_1_VERSION);
    return result;
  };
  auto first = old();
  CAF_CHECK(meet(*first, "a.example").find("protocol version")
            != std::string::npos);
  tls_options options;
  options.enabled_protocols = {"TLSv1.1"};
  context = make(options);
  auto second = old();
  CAF_CHECK_EQUAL(meet(*second, "a.example"), "done");
}

CAF_TEST(only the named cipher suites are spoken) {
  auto leaf = issue({.names = "DNS:a.example", .issuer = &authority});
  const struct {
    std::string name;
    std::string spoken;
  } rows[] = {
      {"TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"},
      {"TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"},
      {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
      {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
       "ECDHE-ECDSA-AES256-GCM-SHA384"},
  };
  for (auto& [name, spoken] : rows) {
    tls_options options;
    options.enabled_cipher_suites = {name};
    context = make(options);
    peer other{leaf};
    CAF_CHECK_EQUAL(meet(other, "a.example"), "done");
    CAF_CHECK_EQUAL(std::string{SSL_get_cipher_name(other.ssl())}, spoken);
  }
}

CAF_TEST(rules that leave nothing are wrong) {
  const struct {
    std::vector<std::string> protocols;
    std::vector<std::string> suites;
    std::string expected;
  } rows[] = {
      {{"SSLv3"}, {}, "`SSLv3` is no protocol that is known"},
      {{}, {"HIGH"}, "`HIGH` is no cipher suite that is known"},
      {{"TLSv1.3"},
       {"ECDHE-ECDSA-AES128-GCM-SHA256"},
       "none of the enabled cipher suites belongs to an enabled protocol"},
      {{"TLSv1.2"},
       {"TLS_AES_128_GCM_SHA256"},
       "none of the enabled cipher suites belongs to an enabled protocol"},
  };
  for (auto& [protocols, suites, expected] : rows) {
    tls_options options;
    options.enabled_protocols = protocols;
    options.enabled_cipher_suites = suites;
    options.trust_store.insecure = true;
    std::string problem;
    CAF_CHECK(tls_context::make(role::client, options, problem) == nullptr);
    CAF_CHECK_EQUAL(problem, expected);
  }
}

CAF_TEST(a peer that speaks no TLS is named as such) {
  auto ends = connect_pair();
  auto aut = make_client_wire(context)(std::move(ends.ours), "a.example");
  std::string text = "HTTP/1.1 400 Bad Request\r\n\r\n";
  ::send(ends.theirs.get(), text.data(), text.size(), 0);
  std::string problem;
  auto what = progress::wants_read;
  until([&] {
    what = aut->handshake(problem);
    return what == progress::failed;
  });
  CAF_CHECK(what == progress::failed);
  CAF_CHECK_EQUAL(problem, "the peer does not speak TLS");
}

CAF_TEST(a handshake that is cut short is told) {
  auto ends = connect_pair();
  auto aut = make_client_wire(context)(std::move(ends.ours), "a.example");
  std::string problem;
  CAF_CHECK(aut->handshake(problem) == progress::wants_read);
  // The first bytes of a record that never comes.
  ::send(ends.theirs.get(), "\x16\x03\x03", 3, 0);
  std::array<char, 4096> hello;
  until([&] {
    return ::recv(ends.theirs.get(), hello.data(), hello.size(), 0) > 0;
  });
  ends.theirs.reset();
  auto what = progress::wants_read;
  until([&] {
    what = aut->handshake(problem);
    return what == progress::failed;
  });
  CAF_CHECK_EQUAL(problem, "the peer ended TCP during the handshake");
}

CAF_TEST(a host that cannot be asked for fails the handshake) {
  for (auto& host : {std::string{}, std::string{"a\0b", 3},
                     std::string(300, 'a') + ".example"}) {
    auto ends = connect_pair();
    auto aut = make_client_wire(context)(std::move(ends.ours), host);
    std::string problem;
    CAF_CHECK(aut->handshake(problem) == progress::failed);
    CAF_CHECK(!problem.empty());
  }
}

CAF_TEST(a session is resumed with the host it is of) {
  auto leaf =
      issue({.names = "DNS:a.example,DNS:b.example", .issuer = &authority});
  for (auto version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    context = make({});
    peer other{leaf};
    SSL_CTX_set_max_proto_version(other.context(), version);
    auto talk = [&](const std::string& host) {
      auto ends = connect_pair();
      auto aut = make_client_wire(context)(std::move(ends.ours), host);
      other.attach(std::move(ends.theirs));
      CAF_REQUIRE(shake_hands(*aut, other).what == progress::done);
      // Tickets come behind the handshake.
      other.write("x");
      std::vector<std::byte> buffer(64 * 1024);
      until([&] { return aut->read(buffer).what == wire_result::status::ok; });
      return SSL_session_reused(other.ssl()) == 1;
    };
    CAF_CHECK(!talk("a.example"));
    CAF_CHECK(talk("a.example"));
    CAF_CHECK(talk("a.example"));
    CAF_CHECK(!talk("b.example"));
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
