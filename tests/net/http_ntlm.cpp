#define CAF_SUITE http_ntlm

#include "net/http_authentication.hpp"
#include "net/ntlm_authentication.hpp"
#include "net/ntlm_message.hpp"

#include <string>

#include <caf/test/unit_test.hpp>

#include "net/base64.hpp"

using namespace switchboard;
using namespace switchboard::net;

#ifdef SWITCHBOARD_NTLM

#include "tests/ntlm_acceptor.hpp"

namespace {

const std::string password = "Grün ist p@ss wort";

authentication_options options(const std::string& with = password) {
  authentication_options result;
  result.scheme = authentication_scheme::ntlm;
  result.username = "anna";
  result.password = with;
  result.domain = "OFFICE";
  return result;
}

std::string text(const std::optional<std::string>& header) {
  return header ? *header : "none";
}

std::string answer(authenticator& by, const std::string& challenge) {
  return text(
      by.answer({{std::string{by.challenge_header()}, challenge}}, "GET", "/"));
}

/// The message in a header of ours or theirs.
std::string message_of(const std::string& header) {
  CAF_REQUIRE_EQUAL(header.substr(0, 5), "NTLM ");
  auto bytes = from_base64(header.substr(5));
  CAF_REQUIRE(bytes);
  return *bytes;
}

/// Runs a handshake to its end.
/// @returns who was let in, or "refused".
std::string run(authenticator& by, tests::ntlm_acceptor& acceptor) {
  auto header = text(by.first_header("GET", "/"));
  if (header == "none")
    header = answer(by, "NTLM");
  CAF_CHECK(!by.needs_same_connection());
  CAF_CHECK(!by.credentials_sent());
  auto challenge = acceptor.accept(message_of(header));
  CAF_REQUIRE(challenge);
  header = answer(by, "NTLM " + to_base64(*challenge));
  if (header == "none")
    return "no answer: " + by.problem();
  CAF_CHECK(by.needs_same_connection());
  CAF_CHECK(by.credentials_sent());
  auto end = acceptor.accept(message_of(header));
  return end && acceptor.complete() ? acceptor.user() : "refused";
}

struct fixture {
  fixture() : users("OFFICE:anna:" + password + "\n") {}
  tests::leaks_overlooked of_the_library;
  tests::ntlm_users users;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(acceptor_tests, fixture)

CAF_TEST(NTLM is there) {
  CAF_CHECK(ntlm_available());
}

CAF_TEST(the right password is let in) {
  for (bool preemptive : {true, false}) {
    auto with = options();
    with.preemptive = preemptive;
    authenticator by{with, "example.com", 80, nullptr};
    tests::ntlm_acceptor acceptor;
    CAF_CHECK_EQUAL(run(by, acceptor), "OFFICE\\anna");
    // The same object serves the next connection.
    tests::ntlm_acceptor next;
    CAF_CHECK_EQUAL(run(by, next), "OFFICE\\anna");
  }
}

CAF_TEST(a wrong password a wrong user and a wrong domain are refused) {
  auto wrong_user = options();
  wrong_user.username = "bert";
  auto wrong_domain = options();
  wrong_domain.domain = "HOME";
  for (auto& with : {options("wrong"), wrong_user, wrong_domain}) {
    authenticator by{with, "example.com", 80, nullptr};
    tests::ntlm_acceptor acceptor;
    CAF_CHECK_EQUAL(run(by, acceptor), "refused");
    CAF_CHECK_EQUAL(answer(by, "NTLM"), "none");
    CAF_CHECK_EQUAL(std::string{by.problem()},
                    "the peer refused the credentials");
  }
}

CAF_TEST(a password that cannot be sent is not sent cut) {
  authenticator by{options(std::string{"cut\0here", 8}), "example.com", 80,
                   nullptr};
  CAF_CHECK_EQUAL(text(by.first_header("GET", "/")), "none");
  CAF_CHECK_EQUAL(answer(by, "NTLM"), "none");
  CAF_CHECK_EQUAL(std::string{by.problem()},
                  "the password holds a zero byte, which NTLM cannot send");
}

CAF_TEST(a proxy with a domain gets NTLM) {
  proxy_options proxy;
  proxy.host = "proxy.example";
  proxy.port = 3128;
  proxy.username = "anna";
  proxy.password = password;
  proxy.ntlm_domain = "OFFICE";
  authenticator by{proxy, nullptr};
  tests::ntlm_acceptor acceptor;
  CAF_CHECK_EQUAL(run(by, acceptor), "OFFICE\\anna");
}

CAF_TEST(a workstation is named and the message still proves who we are) {
  auto with = options();
  with.workstation = "DESK-7";
  authenticator by{with, "example.com", 80, nullptr};
  auto opening = message_of(text(by.first_header("GET", "/")));
  tests::ntlm_acceptor acceptor;
  auto challenge = acceptor.accept(opening);
  CAF_REQUIRE(challenge);
  auto proof = message_of(answer(by, "NTLM " + to_base64(*challenge)));
  const std::string named{"D\0E\0S\0K\0-\0"
                          "7\0",
                          12};
  CAF_CHECK(proof.find(named) != proof.npos);
  CAF_CHECK(acceptor.accept(proof));
  CAF_CHECK(acceptor.complete());
  with.workstation = "näher";
  authenticator unsendable{with, "example.com", 80, nullptr};
  tests::ntlm_acceptor other;
  CAF_CHECK_EQUAL(run(unsendable, other),
                  "no answer: the workstation's name cannot be sent by NTLM");
}

// What squid's ntlm_fake_auth sends: short, with a name at 0xaaaaaaae.
CAF_TEST(a challenge of the old kind is answered) {
  authenticator by{options(), "example.com", 80, nullptr};
  CAF_CHECK_NOT_EQUAL(text(by.first_header("GET", "/")), "none");
  auto proof = answer(by, "NTLM TlRMTVNTUAACAAAACQAJAK6qqqoHggiiETxb2Kwb+0UA"
                          "AAAAAAA6AFdPUktHUk9VUA==");
  CAF_CHECK_EQUAL(message_of(proof).substr(0, 12),
                  (std::string{"NTLMSSP\0\3\0\0\0", 12}));
}

CAF_TEST(peers that do not play by the rules get no proof) {
  struct row {
    std::string first;
    std::string second;
  };
  for (auto& [first, second] :
       {row{"Basic realm=r", "Basic realm=r"}, row{"Negotiate", "Negotiate"},
        row{"NTLM TlRMTVNTUAACAAAA", "NTLM TlRMTVNTUAACAAAA"},
        row{"NTLM", "NTLM"}, row{"NTLM", "NTLM !"}, row{"NTLM", "NTLM ===="},
        row{"NTLM", "NTLM TlRMTVNTUAACAAAA"},
        row{"NTLM", "NTLM " + to_base64(std::string(4096, 'x'))}}) {
    auto with = options();
    with.preemptive = false;
    authenticator by{with, "example.com", 80, nullptr};
    CAF_CHECK_EQUAL(text(by.first_header("GET", "/")), "none");
    answer(by, first);
    CAF_CHECK_EQUAL(second + answer(by, second), second + "none");
    CAF_CHECK(!by.credentials_sent());
    CAF_CHECK(!by.problem().empty());
    CAF_CHECK(by.problem().find(password) == std::string::npos);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()

#else

CAF_TEST(a program without NTLM says so) {
  CAF_CHECK(!ntlm_available());
  authentication_options with;
  with.scheme = authentication_scheme::ntlm;
  with.username = "anna";
  authenticator by{with, "example.com", 80, nullptr};
  CAF_CHECK(!by.first_header("GET", "/"));
  CAF_CHECK(!by.answer({{"WWW-Authenticate", "NTLM"}}, "GET", "/"));
  CAF_CHECK_EQUAL(std::string{by.problem()},
                  "this program was built without NTLM");
}

#endif

CAF_TEST(a challenge of the old kind grows to its full length) {
  const std::string head{"NTLMSSP\0\2\0\0\0", 12};
  auto make = [&](const std::string& name, const std::string& rest) {
    return head + name + std::string{"\7\2\0\0", 4} + "NONCE..."
           + std::string(8, '\0') + rest;
  };
  auto mended = [](std::string text) {
    mend_ntlm_challenge(text);
    return text;
  };
  const std::string none{"\0\0\0\0\x38\0\0\0", 8};
  const std::string padding(16, '\0');
  CAF_CHECK_EQUAL(mended(make(std::string{"\4\0\4\0\x28\0\0\0", 8}, "HOME")),
                  make(std::string{"\4\0\4\0\x38\0\0\0", 8}, padding + "HOME"));
  // Outside by a byte, and by far.
  CAF_CHECK_EQUAL(mended(make(std::string{"\5\0\5\0\x28\0\0\0", 8}, "HOME")),
                  make(none, padding));
  CAF_CHECK_EQUAL(mended(make("\1\1\1\1\xff\xff\xff\xff", "HOME")),
                  make(none, padding));
  // One that describes its target, a third message, none at all.
  auto full = make(std::string(8, '\1'), padding);
  full[22] = '\x80';
  CAF_CHECK_EQUAL(mended(full), full);
  auto third = make(none, "");
  third[8] = 3;
  CAF_CHECK_EQUAL(mended(third), third);
  CAF_CHECK_EQUAL(mended(head + "short"), head + "short");
  CAF_CHECK_EQUAL(mended(""), "");
}

CAF_TEST(only an unsigned third message takes a workstation) {
  std::string message(64, '\0');
  message.replace(0, 12, std::string{"NTLMSSP\0\3\0\0\0", 12});
  message[60] = 2;
  auto plain = message;
  CAF_CHECK(set_ntlm_workstation(plain, "DESK"));
  CAF_CHECK_EQUAL(plain.substr(64), "DESK");
  CAF_CHECK_EQUAL(plain.substr(44, 8), (std::string{"\4\0\4\0\x40\0\0\0", 8}));
  auto wide = message;
  wide[60] = 1;
  CAF_CHECK(set_ntlm_workstation(wide, "DE"));
  CAF_CHECK_EQUAL(wide.substr(64), (std::string{"D\0E\0", 4}));
  auto is_refused = [](std::string text, std::string_view name) {
    auto before = text;
    return !set_ntlm_workstation(text, name) && text == before;
  };
  CAF_CHECK(is_refused(message, "a b"));
  CAF_CHECK(is_refused(message, std::string(256, 'a')));
  CAF_CHECK(is_refused(message.substr(0, 63), "DESK"));
  auto first = message;
  first[8] = 1;
  CAF_CHECK(is_refused(first, "DESK"));
  // A payload that leaves room for version and signature.
  auto is_signed = message + std::string(24, '\0') + "user";
  is_signed[36] = 4;
  is_signed[40] = 88;
  CAF_CHECK(is_refused(is_signed, "DESK"));
}
