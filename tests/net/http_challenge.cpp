#define CAF_SUITE http_challenge

#include "net/http_challenge.hpp"

#include <string>
#include <vector>

#include <caf/test/unit_test.hpp>

using namespace switchboard::net;

namespace {

/// `scheme token name=[value] | …`
std::string render(const std::vector<http_challenge>& challenges) {
  std::string result;
  for (auto& one : challenges) {
    if (!result.empty())
      result += " | ";
    result += one.scheme;
    if (!one.token.empty())
      result += " " + one.token;
    for (auto& [name, value] : one.parameters)
      result += " " + name + "=[" + value + "]";
  }
  return result;
}

std::string parsed(const std::string& field) {
  return render(
      parse_challenges({{"WWW-Authenticate", field}}, "www-authenticate"));
}

struct row {
  std::string field;
  std::string expected;
};

void check(const std::vector<row>& rows) {
  for (auto& [field, expected] : rows)
    CAF_CHECK_EQUAL(field + " -> " + parsed(field), field + " -> " + expected);
}

} // namespace

CAF_TEST(well formed fields are read) {
  check({
      {"", ""},
      {" , ,\t,", ""},
      {"NTLM", "NTLM"},
      {"NTLM ", "NTLM"},
      {"Basic realm=\"a b\"", "Basic realm=[a b]"},
      {"Basic realm=ab", "Basic realm=[ab]"},
      {"basic REALM = \"x\" , Charset=UTF-8",
       "basic realm=[x] charset=[UTF-8]"},
      {"Basic realm=\"\"", "Basic realm=[]"},
      {"Basic realm=\"a\\\"b\\\\c\"", "Basic realm=[a\"b\\c]"},
      {"Basic realm=\"a, Digest nonce=x\"", "Basic realm=[a, Digest nonce=x]"},
      {"Negotiate YWJj", "Negotiate YWJj"},
      {"NTLM TlRMTVNTUAACAAAA==", "NTLM TlRMTVNTUAACAAAA=="},
      {"NTLM a-b._~+/c=", "NTLM a-b._~+/c="},
      {"NTLM YQ== , Basic realm=\"x\"", "NTLM YQ== | Basic realm=[x]"},
      {"Negotiate, NTLM,Basic realm=\"x\"",
       "Negotiate | NTLM | Basic realm=[x]"},
      {"Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", "
       "Basic realm=\"simple\"",
       "Newauth realm=[apps] type=[1] title=[Login to \"apps\"] | "
       "Basic realm=[simple]"},
      {"Digest realm=\"r\",, ,nonce=\"n==\"", "Digest realm=[r] nonce=[n==]"},
      {"Digest , realm=r", "Digest realm=[r]"},
      {"Digest,realm=r", "Digest realm=[r]"},
      {"X a=b,Y", "X a=[b] | Y"},
      {"X realm=\"\xc3\xa4\"", "X realm=[\xc3\xa4]"},
  });
}

CAF_TEST(what is before a fault is kept) {
  check({
      {"Basic realm=\"open", ""},
      {"Basic realm=\"open\\", ""},
      {"Basic realm=\"x\" y", ""},
      {"Basic realm=\"x\" Digest", ""},
      {"Basic word word", ""},
      {"Basic realm=x, realm=y", ""},
      {"Basic realm=x, REALM=y", ""},
      {"Basic realm=(x)", ""},
      {"\"Basic\"", ""},
      {"=", ""},
      {"Basic=x", ""},
      {"Basic realm=\"a\x01z\"", ""},
      {"NTLM YQ== x", ""},
      {"NTLM YQ==, a=b", "NTLM YQ=="},
      {"NTLM, Basic realm=\"open", "NTLM"},
      {"Basic realm=x, @", "Basic realm=[x]"},
      {"X@ a=b", ""},
  });
}

CAF_TEST(several fields are read one by one) {
  header_list headers{{"WWW-Authenticate", "Negotiate"},
                      {"Proxy-Authenticate", "Basic realm=\"proxy\""},
                      {"www-authenticate", "Basic realm=\"open"},
                      {"WWW-AUTHENTICATE", "NTLM, Basic realm=\"x\""}};
  CAF_CHECK_EQUAL(render(parse_challenges(headers, "WWW-Authenticate")),
                  "Negotiate | NTLM | Basic realm=[x]");
  CAF_CHECK_EQUAL(render(parse_challenges(headers, "Proxy-Authenticate")),
                  "Basic realm=[proxy]");
  CAF_CHECK_EQUAL(render(parse_challenges(headers, "Authorization")), "");
}

CAF_TEST(a hostile peer cannot make it grow) {
  std::string many_challenges;
  for (int i = 0; i < 1000; ++i)
    many_challenges += "X,";
  header_list headers{{"A", many_challenges}, {"A", many_challenges}};
  CAF_CHECK_EQUAL(parse_challenges(headers, "A").size(), 32u);
  std::string parameters = "X p=0";
  for (int i = 1; i < 32; ++i)
    parameters += ", p" + std::to_string(i) + "=" + std::to_string(i);
  auto most = parse_challenges({{"A", parameters}}, "A");
  CAF_REQUIRE_EQUAL(most.size(), 1u);
  CAF_CHECK_EQUAL(most[0].parameters.size(), 32u);
  CAF_CHECK(parse_challenges({{"A", parameters + ", q=1"}}, "A").empty());
}

CAF_TEST(a parameter is found by its name) {
  auto all = parse_challenges({{"A", "Digest Realm=\"r\""}}, "a");
  CAF_REQUIRE_EQUAL(all.size(), 1u);
  auto* realm = all[0].parameter("realm");
  CAF_REQUIRE(realm != nullptr);
  CAF_CHECK_EQUAL(std::string{*realm}, "r");
  CAF_CHECK(all[0].parameter("nonce") == nullptr);
}
