#define CAF_SUITE revocation_guard
#include <caf/test/unit_test.hpp>

#include <openssl/ssl.h>

#include "net/ocsp_exchange.hpp"
#include "net/tls_context.hpp"
#include "net/tls_wire.hpp"
#include "revocation_rig.hpp"

using namespace switchboard;
using namespace switchboard::net;
using namespace revocation_rig;
using namespace tls_peer;

using progress = handshaking_wire::progress;

namespace {

/// A staple for a peer to send.
int give_staple(SSL* ssl, void* content) {
  auto& bytes = *static_cast<std::string*>(content);
  if (bytes.empty())
    return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(ssl,
                                  OPENSSL_memdup(bytes.data(), bytes.size()),
                                  static_cast<long>(bytes.size()));
  return SSL_TLSEXT_ERR_OK;
}

struct fixture {
  scratch_folder folder;
  web_server web;
  identity root = issue({.subject = "root", .authority = true});
  identity middle =
      issue({.subject = "middle", .issuer = &root, .authority = true});
  identity leaf = make_leaf(root);
  identity own = issue({.subject = "listener", .issuer = &root});
  tls_options options;
  std::shared_ptr<tls_context> context;

  fixture() {
    options.trust_store.path =
        folder.write("trust.pem", root.certificate_pem());
    options.revocation = standard_revocation{};
  }

  ~fixture() {
    // Its pages use what the fixture has.
    web.stop();
  }

  identity make_leaf(const identity& issuer) {
    return issue(
        {.subject = "leaf",
         .names = "DNS:a.example",
         .issuer = &issuer,
         .extensions = {{NID_info_access, "OCSP;URI:" + web.url("/ocsp")}}});
  }

  void make(role self) {
    std::string problem;
    context = tls_context::make(self, options, problem);
    CAF_REQUIRE_EQUAL(problem, "");
  }

  std::string problem_of(role self) {
    std::string problem;
    CAF_CHECK(tls_context::make(self, options, problem) == nullptr);
    return problem;
  }

  /// A client's handshake with a server of that certificate.
  std::string meet(peer& other) {
    auto ends = connect_pair();
    auto aut = make_client_wire(context)(std::move(ends.ours), "a.example");
    other.attach(std::move(ends.theirs));
    auto outcome = shake_hands(*aut, other);
    if (outcome.what != progress::done)
      return outcome.problem;
    // A ticket comes with the first bytes.
    other.write("x");
    std::vector<std::byte> buffer(wire::ample);
    until([&] { return aut->read(buffer).what == wire_result::status::ok; });
    return "done";
  }

  /// A listener's handshake with a client.
  std::string serve(peer& other, SSL_SESSION* session = nullptr) {
    auto ends = connect_pair();
    auto aut = make_tls_wire(std::move(ends.ours), context);
    other.attach(std::move(ends.theirs));
    if (session != nullptr)
      SSL_set_session(other.ssl(), session);
    auto outcome = shake_hands(*aut, other);
    if (outcome.what != progress::done)
      return outcome.problem;
    iovec piece{const_cast<char*>("hello"), 5};
    aut->write({&piece, 1});
    until([&] { return !other.read().empty(); });
    return "done";
  }

  void be_server() {
    options.key_store.emplace().path =
        folder.write("key.pem", own.certificate_pem() + own.key_pem());
    options.client_auth = client_authentication::required;
    make(role::server);
  }

  static void give(peer& to, const identity& who, const identity* chain) {
    SSL_CTX_use_certificate(to.context(), who.certificate.get());
    SSL_CTX_use_PrivateKey(to.context(), who.key.get());
    if (chain != nullptr)
      SSL_CTX_add1_chain_cert(to.context(), chain->certificate.get());
    SSL_CTX_set_session_cache_mode(to.context(), SSL_SESS_CACHE_CLIENT);
  }

  void tell(fate what) {
    web.serve("/ocsp", make_answer(leaf, root, {.what = what}));
  }
};

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

constexpr std::string_view revoked = "the certificate of CN=leaf is revoked";

} // namespace

CAF_TEST_FIXTURE_SCOPE(revocation_guard_tests, fixture)

CAF_TEST(a client finds out whether its server is revoked) {
  tell(fate::good);
  make(role::client);
  peer other{leaf};
  CAF_CHECK_EQUAL(meet(other), "done");
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 1);
  auto second = make_leaf(root);
  leaf = std::move(second);
  tell(fate::revoked);
  peer bad{leaf};
  CAF_CHECK(holds(meet(bad), revoked));
}

CAF_TEST(a handshake waits for its verdict and holds nothing up) {
  std::atomic<bool> open{false};
  web.serve("/ocsp", [&](const std::string&) {
    until([&] { return open.load(); });
    return std::optional{make_answer(leaf, root)};
  });
  make(role::client);
  peer other{leaf};
  auto ends = connect_pair();
  auto aut = make_client_wire(context)(std::move(ends.ours), "a.example");
  other.attach(std::move(ends.theirs));
  std::string problem;
  auto what = progress::wants_write;
  CAF_REQUIRE(until([&] {
    what = aut->handshake(problem);
    other.shake();
    return what == progress::wants_verdict;
  }));
  CAF_CHECK(aut->verdict_fd() >= 0);
  CAF_CHECK(aut->handshake(problem) == progress::wants_verdict);
  CAF_CHECK(!readable(aut->verdict_fd()));
  open = true;
  CAF_CHECK(until([&] { return readable(aut->verdict_fd()); }));
  CAF_CHECK(aut->handshake(problem) == progress::done);
  CAF_CHECK_EQUAL(problem, "");
}

CAF_TEST(a wire may go before its verdict comes) {
  std::atomic<bool> open{false};
  web.serve("/ocsp", [&](const std::string&) {
    until([&] { return open.load(); });
    return std::optional{make_answer(leaf, root)};
  });
  make(role::client);
  {
    peer other{leaf};
    auto ends = connect_pair();
    auto aut = make_client_wire(context)(std::move(ends.ours), "a.example");
    other.attach(std::move(ends.theirs));
    std::string problem;
    CAF_REQUIRE(until([&] {
      other.shake();
      return aut->handshake(problem) == progress::wants_verdict;
    }));
  }
  open = true;
  peer next{leaf};
  CAF_CHECK_EQUAL(meet(next), "done");
}

CAF_TEST(a staple spares the client the question) {
  make(role::client);
  peer other{leaf};
  auto staple = make_answer(leaf, root);
  SSL_CTX_set_tlsext_status_cb(other.context(), give_staple);
  SSL_CTX_set_tlsext_status_arg(other.context(), &staple);
  CAF_CHECK_EQUAL(meet(other), "done");
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 0);
  // Its session is resumed on what is known; once nothing is known any more,
  // it is not resumed again.
  CAF_CHECK_EQUAL(meet(other), "done");
  CAF_CHECK(SSL_session_reused(other.ssl()) == 1);
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 0);
}

CAF_TEST(a resumed session is checked as well) {
  for (auto version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    leaf = make_leaf(root);
    tell(fate::good);
    make(role::client);
    peer other{leaf};
    SSL_CTX_set_max_proto_version(other.context(), version);
    auto staple = std::string{};
    SSL_CTX_set_tlsext_status_cb(other.context(), give_staple);
    SSL_CTX_set_tlsext_status_arg(other.context(), &staple);
    CAF_CHECK_EQUAL(meet(other), "done");
    CAF_CHECK_EQUAL(meet(other), "done");
    CAF_CHECK(SSL_session_reused(other.ssl()) == 1);
    // Another connection of the process learns of it in between.
    staple = make_answer(leaf, root, {.what = fate::revoked});
    options.trust_store.path =
        folder.write("again.pem", root.certificate_pem());
    auto first = context;
    make(role::client);
    CAF_CHECK(holds(meet(other), revoked));
    context = first;
    CAF_CHECK(holds(meet(other), revoked));
    CAF_CHECK(SSL_session_reused(other.ssl()) == 1);
    // What was refused is not resumed once more.
    CAF_CHECK(holds(meet(other), revoked));
    CAF_CHECK(SSL_session_reused(other.ssl()) == 0);
  }
}

CAF_TEST(a listener finds out whether a client is revoked) {
  tell(fate::good);
  be_server();
  peer other;
  give(other, leaf, nullptr);
  CAF_CHECK_EQUAL(serve(other), "done");
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 1);
  leaf = make_leaf(root);
  tell(fate::revoked);
  peer bad;
  give(bad, leaf, nullptr);
  CAF_CHECK(holds(serve(bad), revoked));
}

CAF_TEST(a listener asks nobody about a client without a certificate) {
  be_server();
  options.client_auth = client_authentication::optional;
  make(role::server);
  peer other;
  CAF_CHECK_EQUAL(serve(other), "done");
}

CAF_TEST(a client that resumes is checked as well) {
  for (auto chain : {static_cast<const identity*>(nullptr),
                     static_cast<const identity*>(&middle)})
    for (auto version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      auto& issuer = chain == nullptr ? root : middle;
      leaf = make_leaf(issuer);
      web.serve("/ocsp", make_answer(leaf, issuer));
      options.revocation = standard_revocation{.only_end_entities = true};
      be_server();
      peer other;
      SSL_CTX_set_max_proto_version(other.context(), version);
      give(other, leaf, chain);
      CAF_CHECK_EQUAL(serve(other), "done");
      auto session = SSL_get1_session(other.ssl());
      CAF_CHECK_EQUAL(serve(other, session), "done");
      // A ticket does not hold what stands between it and the root.
      CAF_CHECK_EQUAL(SSL_session_reused(other.ssl()), chain == nullptr);
      SSL_SESSION_free(session);
    }
}

CAF_TEST(authorities are checked unless only end entities are) {
  leaf = make_leaf(middle);
  web.serve("/ocsp", make_answer(leaf, middle));
  make(role::client);
  peer other{leaf, &middle};
  auto told = meet(other);
  CAF_CHECK(holds(told, "whether the certificate of CN=middle is revoked "
                        "cannot be found out: it names no OCSP responder"));
  options.revocation = standard_revocation{.only_end_entities = true};
  make(role::client);
  peer again{leaf, &middle};
  CAF_CHECK_EQUAL(meet(again), "done");
}

CAF_TEST(a certificate that is trusted as it stands is not checked) {
  options.trust_store.path = folder.write("leaf.pem", leaf.certificate_pem());
  make(role::client);
  peer other{leaf};
  CAF_CHECK_EQUAL(meet(other), "done");
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 0);
}

CAF_TEST(a file of CRLs is looked up) {
  options.revocation =
      crl_file{folder.write("a.crl", make_crl(root, {.revoked = {&middle}}))};
  make(role::client);
  peer other{leaf};
  CAF_CHECK_EQUAL(meet(other), "done");
  options.revocation = crl_file{
      folder.write("b.crl", to_pem(make_crl(root, {.revoked = {&leaf}})))};
  make(role::client);
  peer bad{leaf};
  CAF_CHECK(holds(meet(bad), revoked));
  options.revocation = crl_file{
      folder.write("c.crl", make_crl(root, {.from = -9000, .until = -1000}))};
  make(role::client);
  peer late{leaf};
  CAF_CHECK(holds(meet(late), "the CRL is out of date"));
}

CAF_TEST(a responder whose signer the trust store holds is asked) {
  auto signer = issue({.subject = "answers", .authority = true});
  options.trust_store.path = folder.write(
      "trust.pem", root.certificate_pem() + signer.certificate_pem());
  options.revocation = custom_ocsp_responder{web.url("/own"), "Answers"};
  make(role::client);
  web.serve("/own", make_answer(leaf, root, {.signer = &signer}));
  peer other{leaf};
  CAF_CHECK_EQUAL(meet(other), "done");
  CAF_CHECK_EQUAL(web.asked("/own"), 1);
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 0);
}

CAF_TEST(what a check needs and does not find is told at the start) {
  options.revocation = custom_ocsp_responder{web.url("/own"), "nobody"};
  CAF_CHECK(holds(problem_of(role::client),
                  "trust.pem holds no certificate called `nobody`"));
  auto path = std::exchange(options.trust_store.path, "");
  CAF_CHECK_EQUAL(problem_of(role::client),
                  "no trust store is named for the certificate `nobody`");
  options.trust_store.path = path;
  options.revocation = crl_file{folder.path("missing.crl")};
  CAF_CHECK(holds(problem_of(role::client),
                  "missing.crl cannot be read: No such file or directory"));
  options.revocation = crl_file{folder.write("bad.crl", "nonsense")};
  CAF_CHECK(holds(problem_of(role::client),
                  "bad.crl holds no CRL, or one that cannot be read"));
  // Nothing is looked at, nothing is read.
  options.trust_store.insecure = true;
  make(role::client);
}

CAF_TEST(a listener staples what its responder says) {
  tell(fate::good);
  options.revocation.reset();
  options.key_store.emplace().path =
      folder.write("key.pem", leaf.certificate_pem() + leaf.key_pem()
                                  + root.certificate_pem());
  make(role::server);
  auto stapled = [&] {
    peer other;
    SSL_CTX_set_tlsext_status_type(other.context(), TLSEXT_STATUSTYPE_ocsp);
    CAF_CHECK_EQUAL(serve(other), "done");
    const unsigned char* bytes = nullptr;
    auto size = SSL_get_tlsext_status_ocsp_resp(other.ssl(), &bytes);
    return size > 0 ? std::string{reinterpret_cast<const char*>(bytes),
                                  static_cast<std::size_t>(size)}
                    : std::string{};
  };
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 0);
  context->start();
  std::string seen;
  CAF_CHECK(until([&] { return !(seen = stapled()).empty(); }));
  ocsp_exchange exchange{leaf.certificate.get(), root.certificate.get(), false};
  CAF_CHECK(exchange.judge(seen, nullptr).what == revocation_state::good);
  CAF_CHECK_EQUAL(web.asked("/ocsp"), 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
