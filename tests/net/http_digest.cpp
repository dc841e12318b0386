#define CAF_SUITE http_digest

#include "net/digest_authentication.hpp"
#include "net/digest_memory.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <caf/test/unit_test.hpp>

using namespace switchboard::net;

namespace {

std::vector<http_challenge> challenges(const std::string& field) {
  return parse_challenges({{"WWW-Authenticate", field}}, "WWW-Authenticate");
}

std::string answer(const std::string& field, const std::string& cnonce,
                   std::uint32_t count, const std::string& username,
                   const std::string& password, const std::string& uri,
                   const std::string& method = "GET") {
  auto challenge = choose_digest(challenges(field));
  if (!challenge)
    return "none";
  auto result = digest_credentials({*challenge, cnonce, count}, username,
                                   password, method, uri);
  return result ? *result : "unsendable";
}

/// The value of a parameter of credentials as it is written.
std::string part(const std::string& credentials, const std::string& name) {
  auto begin = credentials.find(" " + name + "=");
  if (begin == credentials.npos)
    return "absent";
  begin += name.size() + 2;
  return credentials.substr(begin, credentials.find(", ", begin) - begin);
}

const std::string mufasa = "Circle of Life";

} // namespace

CAF_TEST(the examples of RFC 7616 come out) {
  const std::string common =
      "realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
      "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
      "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
  const std::string cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
  const std::string sha_256 =
      "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
  CAF_CHECK_EQUAL(
      answer("Digest " + common + ", algorithm=MD5", cnonce, 1, "Mufasa",
             mufasa, "/dir/index.html"),
      "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
      "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
      "uri=\"/dir/index.html\", algorithm=MD5, nc=00000001, cnonce=\""
          + cnonce
          + "\", qop=auth, response=\"8ca523f5e9506fed4657c9700eebdbec\", "
            "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"");
  auto strong = answer("Digest " + common + ", algorithm=SHA-256, Digest "
                           + common + ", algorithm=MD5",
                       cnonce, 1, "Mufasa", mufasa, "/dir/index.html");
  CAF_CHECK_EQUAL(part(strong, "response"), "\"" + sha_256 + "\"");
  CAF_CHECK_EQUAL(part(strong, "algorithm"), "SHA-256");
}

CAF_TEST(a hashed name of RFC 7616 comes out) {
  auto hashed =
      answer("Digest realm=\"api@example.org\", qop=\"auth\", "
             "algorithm=SHA-512-256, "
             "nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", "
             "opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", "
             "charset=UTF-8, userhash=true",
             "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", 1,
             "J\xc3\xa4s\xc3\xb8n Doe", "Secret, or not?", "/doe.json");
  // Erratum 4897 of RFC 7616 gives these: the printed ones were made with
  // another hash.
  CAF_CHECK_EQUAL(part(hashed, "username"),
                  "\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06"
                  "ece9b0b\"");
  CAF_CHECK_EQUAL(part(hashed, "response"),
                  "\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1"
                  "cec68a5\"");
  CAF_CHECK_EQUAL(part(hashed, "userhash"), "true");
}

CAF_TEST(the example of RFC 2617 comes out) {
  CAF_CHECK_EQUAL(
      part(answer("Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
                  "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
                  "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
                  "0a4f113b", 1, "Mufasa", "Circle Of Life", "/dir/index.html"),
           "response"),
      "\"6629fae49393a05397450978507c4ef1\"");
}

CAF_TEST(the form of RFC 2069 has neither count nor nonce of ours) {
  // Erratum 749 of RFC 2069: its printed response is wrong.
  auto old = answer("Digest realm=\"testrealm@host.com\", "
                    "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
                    "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
                    "ours", 1, "Mufasa", "CircleOfLife", "/dir/index.html");
  CAF_CHECK_EQUAL(part(old, "response"),
                  "\"1949323746fe6a43ef61f9606e7febea\"");
  for (auto name : {"nc", "cnonce", "qop", "algorithm"})
    CAF_CHECK_EQUAL(part(old, name), "absent");
}

CAF_TEST(sessions and bodies change the response) {
  const std::string common = "Digest realm=\"r\", nonce=\"n\"";
  auto response = [&](const std::string& rest) {
    return part(answer(common + rest, "c", 2, "u", "p", "/x"), "response");
  };
  // Computed with Python's hashlib by the formulas of RFC 7616.
  CAF_CHECK_EQUAL(response(", qop=auth, algorithm=MD5-sess"),
                  "\"5a5e3ece2a631536bfe9fc135284a3ae\"");
  CAF_CHECK_EQUAL(
      response(", qop=auth, algorithm=SHA-256-sess"),
      "\"56a98123529bb70bc70142ceed054b896ca6faf9e1713771f187f04ec8277a40\"");
  CAF_CHECK_EQUAL(
      response(", qop=auth-int, algorithm=SHA-256"),
      "\"ebaca8ce31f636b4b5527cf09cb8a530148fcbdb0a21fbecc370863519089af0\"");
  CAF_CHECK_EQUAL(
      part(answer(common + ", qop=auth-int", "c", 0xabcdef01u, "u", "p", "/x"),
           "nc"),
      "abcdef01");
}

CAF_TEST(what cannot be answered is no challenge) {
  for (auto field : {
           "Basic realm=\"r\"",
           "Digest nonce=\"n\"",
           "Digest realm=\"r\"",
           "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-1",
           "Digest realm=\"r\", nonce=\"n\", algorithm=\"\"",
           "Digest realm=\"r\", nonce=\"n\", algorithm=-sess",
           "Digest realm=\"r\", nonce=\"n\", qop=\"conf\"",
           "Digest realm=\"r\", nonce=\"n\", qop=\"\"",
           "Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess",
       })
    CAF_CHECK_EQUAL(field + answer(field, "c", 1, "u", "p", "/"),
                    field + std::string{"none"});
}

CAF_TEST(the strongest challenge is taken and of equals the first) {
  auto realm = [](const std::string& field) {
    auto chosen = choose_digest(challenges(field));
    return chosen ? chosen->realm : "none";
  };
  CAF_CHECK_EQUAL(realm("Digest realm=a, nonce=n, Digest realm=b, nonce=n"),
                  "a");
  CAF_CHECK_EQUAL(realm("Digest realm=a, nonce=n, "
                        "Digest realm=b, nonce=n, algorithm=SHA-256, "
                        "Digest realm=c, nonce=n, algorithm=sha-512-256, "
                        "Digest realm=d, nonce=n, algorithm=MD5"),
                  "c");
  CAF_CHECK_EQUAL(realm("Basic realm=a, Digest realm=b, nonce=n"), "b");
  auto both = choose_digest(
      challenges("Digest realm=a, nonce=n, qop=\"auth-int,auth\""));
  CAF_REQUIRE(both);
  CAF_CHECK(both->qop == digest_qop::auth);
}

CAF_TEST(names and what the peer wrote are quoted) {
  const std::string common =
      "Digest realm=\"a\\\"b\\\\c\", nonce=\"n\\\"\", opaque=\"\", qop=auth";
  auto escaped = answer(common, "c", 1, "u\"\\", "p", "/x\"y");
  CAF_CHECK_EQUAL(part(escaped, "realm"), "\"a\\\"b\\\\c\"");
  CAF_CHECK_EQUAL(part(escaped, "nonce"), "\"n\\\"\"");
  CAF_CHECK_EQUAL(part(escaped, "opaque"), "\"\"");
  CAF_CHECK_EQUAL(part(escaped, "uri"), "\"/x\\\"y\"");
  auto name = "Digest username=\"u\\\"\\\\\", ";
  CAF_CHECK_EQUAL(escaped.substr(0, std::string{name}.size()), name);
  CAF_CHECK_EQUAL(answer(common, "c", 1, "u\r\nX: y", "p", "/"), "unsendable");
  CAF_CHECK_EQUAL(answer(common + ", userhash=true", "c", 1,
                         std::string{"u\0", 2}, "p", "/"),
                  "unsendable");
}

CAF_TEST(a name outside ASCII is extended where the peer can read it) {
  const std::string common = "Digest realm=r, nonce=n, qop=auth";
  const std::string name = "J\xc3\xa4s %";
  auto old = answer(common, "c", 1, name, "p", "/");
  CAF_CHECK_EQUAL(part(old, "username"), "\"" + name + "\"");
  for (auto rest : {", charset=utf-8", ", algorithm=SHA-256"}) {
    auto extended = answer(common + rest, "c", 1, name, "p", "/");
    CAF_CHECK_EQUAL(part(extended, "username"), "absent");
    CAF_CHECK_EQUAL(part(extended, "username*"), "UTF-8''J%C3%A4s%20%25");
  }
  CAF_CHECK_EQUAL(
      part(answer(common + ", charset=UTF-8", "c", 1, "Jas", "p", "/"),
           "username"),
      "\"Jas\"");
}

CAF_TEST(only a Digest challenge can be stale) {
  CAF_CHECK(says_stale(challenges("Digest realm=r, nonce=n, stale=TRUE")));
  CAF_CHECK(says_stale(challenges("Basic realm=r, digest stale=\"true\"")));
  CAF_CHECK(!says_stale(challenges("Digest realm=r, nonce=n, stale=false")));
  CAF_CHECK(!says_stale(challenges("Digest realm=r, nonce=n")));
  CAF_CHECK(!says_stale(challenges("Basic realm=r, stale=true")));
}

CAF_TEST(nonces of ours are long and never the same) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i)
    seen.insert(make_cnonce());
  CAF_CHECK_EQUAL(seen.size(), 100u);
  CAF_CHECK_EQUAL(seen.begin()->size(), 32u);
}

CAF_TEST(a kept challenge is counted) {
  digest_memory memory;
  CAF_CHECK(!memory.use("a"));
  auto challenge = *choose_digest(challenges("Digest realm=r, nonce=n"));
  auto first = memory.use("a", challenge);
  CAF_CHECK_EQUAL(first.count, 1u);
  auto second = memory.use("a");
  CAF_REQUIRE(second);
  CAF_CHECK_EQUAL(second->count, 2u);
  CAF_CHECK(second->challenge == challenge);
  CAF_CHECK_EQUAL(second->cnonce, first.cnonce);
  // The same nonce once more goes on with the count; another begins anew.
  CAF_CHECK_EQUAL(memory.use("a", challenge).count, 3u);
  CAF_CHECK(!memory.use("b"));
  auto other = challenge;
  other.nonce = "m";
  auto fresh = memory.use("a", other);
  CAF_CHECK_EQUAL(fresh.count, 1u);
  CAF_CHECK(fresh.cnonce != first.cnonce);
  memory.forget("a", "n");
  CAF_CHECK(memory.use("a"));
  memory.forget("a", "m");
  CAF_CHECK(!memory.use("a"));
}

CAF_TEST(a memory does not grow without end) {
  digest_memory memory;
  auto challenge = *choose_digest(challenges("Digest realm=r, nonce=n"));
  auto place = [](int i) {
    return std::to_string(i);
  };
  for (int i = 0; i < 1000; ++i)
    memory.use(place(i), challenge);
  int kept = 0;
  for (int i = 0; i < 1000; ++i)
    kept += memory.use(place(i)) ? 1 : 0;
  CAF_CHECK_EQUAL(kept, 64);
}

CAF_TEST(no count is given twice by threads that share a memory) {
  digest_memory memory;
  auto challenge = *choose_digest(challenges("Digest realm=r, nonce=n"));
  constexpr std::uint32_t uses = 500;
  std::vector<std::vector<std::uint32_t>> counts(4);
  std::vector<std::thread> threads;
  for (auto& mine : counts)
    threads.emplace_back([&] {
      for (std::uint32_t i = 0; i < uses; ++i)
        mine.push_back(i % 2 == 0 ? memory.use("a", challenge).count
                                  : memory.use("a")->count);
    });
  for (auto& thread : threads)
    thread.join();
  std::set<std::uint32_t> all;
  for (auto& mine : counts)
    all.insert(mine.begin(), mine.end());
  CAF_CHECK_EQUAL(all.size(), 4 * uses);
  CAF_CHECK_EQUAL(*all.rbegin(), 4 * uses);
}
