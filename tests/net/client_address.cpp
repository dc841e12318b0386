#define CAF_SUITE client_address

#include "net/handshake.hpp"

#include <string>
#include <vector>

#include <caf/test/unit_test.hpp>

using namespace switchboard::net;

namespace {

const std::vector<std::string> local{"10.0.0.0/8", "::1", "192.168.1.1"};

std::string seen(const header_list& headers, std::string_view peer,
                 const std::vector<std::string>& trusted = local) {
  http_request request;
  request.headers = headers;
  return client_address(request, peer, trusted);
}

std::string forwarded(const std::string& value) {
  return seen({{"Forwarded", value}}, "10.0.0.1");
}

std::string forwarded_for(const std::string& value) {
  return seen({{"X-Forwarded-For", value}}, "10.0.0.1");
}

} // namespace

CAF_TEST(headers count from trusted peers only) {
  header_list headers{{"X-Forwarded-For", "1.2.3.4"}};
  CAF_CHECK_EQUAL(seen(headers, "10.0.0.1"), "1.2.3.4");
  CAF_CHECK_EQUAL(seen(headers, "::1"), "1.2.3.4");
  CAF_CHECK_EQUAL(seen(headers, "::ffff:10.0.0.1"), "1.2.3.4");
  CAF_CHECK_EQUAL(seen(headers, "192.168.1.1"), "1.2.3.4");
  CAF_CHECK_EQUAL(seen(headers, "192.168.1.2"), "192.168.1.2");
  CAF_CHECK_EQUAL(seen(headers, "11.0.0.1"), "11.0.0.1");
  CAF_CHECK_EQUAL(seen(headers, "::2"), "::2");
  CAF_CHECK_EQUAL(seen(headers, "10.0.0.1", {}), "10.0.0.1");
  CAF_CHECK_EQUAL(seen(headers, "10.0.0.1", {"::/0"}), "10.0.0.1");
  CAF_CHECK_EQUAL(seen(headers, "not an address"), "not an address");
  CAF_CHECK_EQUAL(seen({}, "10.0.0.1"), "10.0.0.1");
}

CAF_TEST(the walk ends at the first address that is not trusted) {
  CAF_CHECK_EQUAL(forwarded_for("9.9.9.9, 1.2.3.4"), "1.2.3.4");
  CAF_CHECK_EQUAL(forwarded_for("9.9.9.9, 1.2.3.4, 10.1.1.1, 10.2.2.2"),
                  "1.2.3.4");
  CAF_CHECK_EQUAL(forwarded_for("10.3.3.3,10.1.1.1"), "10.3.3.3");
  CAF_CHECK_EQUAL(seen({{"X-Forwarded-For", "9.9.9.9"},
                        {"X-Forwarded-For", "1.2.3.4"},
                        {"x-forwarded-for", "10.1.1.1"}},
                       "10.0.0.1"),
                  "1.2.3.4");
}

CAF_TEST(an unreadable element ends the walk where it is) {
  CAF_CHECK_EQUAL(forwarded_for("1.2.3.4, junk"), "10.0.0.1");
  CAF_CHECK_EQUAL(forwarded_for("1.2.3.4, junk, 10.1.1.1"), "10.1.1.1");
  CAF_CHECK_EQUAL(forwarded_for("1.2.3.4,"), "10.0.0.1");
  CAF_CHECK_EQUAL(forwarded_for(""), "10.0.0.1");
  CAF_CHECK_EQUAL(forwarded("for=unknown"), "10.0.0.1");
  CAF_CHECK_EQUAL(forwarded("for=1.2.3.4, for=_hidden"), "10.0.0.1");
  CAF_CHECK_EQUAL(forwarded("for=1.2.3.4, proto=http"), "10.0.0.1");
}

CAF_TEST(addresses are read with ports and brackets) {
  CAF_CHECK_EQUAL(forwarded_for("1.2.3.4:5678"), "1.2.3.4");
  CAF_CHECK_EQUAL(forwarded_for("[2001:db8::1]:5678"), "2001:db8::1");
  CAF_CHECK_EQUAL(forwarded_for("[2001:db8::1]"), "2001:db8::1");
  CAF_CHECK_EQUAL(forwarded_for("2001:db8::1"), "2001:db8::1");
  CAF_CHECK_EQUAL(forwarded_for("::ffff:1.2.3.4"), "1.2.3.4");
  for (auto text : {"1.2.3.4:", "1.2.3.4:x", "1.2.3.4:123456", "[1.2.3.4]",
                    "[::2", "[::2]x", "[::2]:", "::2]", "1.2.3", "1.2.3.256",
                    "01x.2.3.4", "example.org"})
    CAF_CHECK_EQUAL(std::string{text} + " " + forwarded_for(text),
                    std::string{text} + " 10.0.0.1");
}

CAF_TEST(Forwarded is read by RFC 7239 and comes before X - Forwarded - For) {
  CAF_CHECK_EQUAL(forwarded("for=1.2.3.4"), "1.2.3.4");
  CAF_CHECK_EQUAL(forwarded("FOR=\"1.2.3.4:99\";proto=https;by=10.0.0.1"),
                  "1.2.3.4");
  CAF_CHECK_EQUAL(forwarded("for=\"[2001:db8:cafe::17]:4711\""),
                  "2001:db8:cafe::17");
  CAF_CHECK_EQUAL(forwarded("for=9.9.9.9, for=1.2.3.4 ; proto=http"),
                  "1.2.3.4");
  CAF_CHECK_EQUAL(forwarded("for=1.2.3.4;secret=\"a,b;for=9.9.9.9\""),
                  "1.2.3.4");
  CAF_CHECK_EQUAL(
      seen({{"X-Forwarded-For", "9.9.9.9"}, {"Forwarded", "for=1.2.3.4"}},
           "10.0.0.1"),
      "1.2.3.4");
}

CAF_TEST(an ill-formed Forwarded counts for nothing) {
  for (auto text :
       {"for=\"1.2.3.4", "for=1.2.3.4;x=\", for=10.1.1.1", "for",
        "for=1.2.3.4 for=9.9.9.9", "for=1.2.3.4;for=9.9.9.9", "for==1.2.3.4",
        "for=2001:db8::1", "for=9.9.9.9;x=\", for=\"[::1]\"", "for = 1.2.3.4"})
    CAF_CHECK_EQUAL(std::string{text} + " " + forwarded(text),
                    std::string{text} + " 10.0.0.1");
}

CAF_TEST(blocks cover the addresses they name) {
  header_list headers{{"X-Forwarded-For", "1.2.3.4"}};
  auto trusts = [&](const std::string& block, std::string_view peer) {
    return seen(headers, peer, {block}) == "1.2.3.4";
  };
  CAF_CHECK(trusts("0.0.0.0/0", "255.1.2.3"));
  CAF_CHECK(trusts("10.1.2.3/8", "10.9.9.9"));
  CAF_CHECK(trusts("172.16.0.0/12", "172.31.255.255"));
  CAF_CHECK(!trusts("172.16.0.0/12", "172.32.0.0"));
  CAF_CHECK(trusts("10.0.0.5/32", "10.0.0.5"));
  CAF_CHECK(!trusts("10.0.0.5/32", "10.0.0.4"));
  CAF_CHECK(trusts("10.0.0.4/31", "10.0.0.5"));
  CAF_CHECK(trusts("fd00::/8", "fdff::1"));
  CAF_CHECK(!trusts("fd00::/8", "fe00::1"));
  CAF_CHECK(trusts("2001:db8::/33", "2001:db8:7fff::1"));
  CAF_CHECK(!trusts("2001:db8::/33", "2001:db8:8000::1"));
  CAF_CHECK(trusts("::ffff:10.0.0.0/104", "10.1.1.1"));
  CAF_CHECK(!trusts("::/0", "10.1.1.1"));
  CAF_CHECK(!trusts("junk", "10.1.1.1"));
}

CAF_TEST(addresses and blocks are told from other text) {
  for (auto text : {"1.2.3.4", "1.2.3.4/0", "1.2.3.4/32", "::1", "::/0",
                    "2001:db8::/128", "::ffff:1.2.3.4", "::ffff:1.2.3.4/96"})
    CAF_CHECK_EQUAL(std::string{text} + (is_address_or_cidr(text) ? "" : " n"),
                    text);
  using namespace std::string_view_literals;
  for (auto text :
       {""sv, "1.2.3"sv, "1.2.3.4/"sv, "1.2.3.4/33"sv, "1.2.3.4/-1"sv,
        "1.2.3.4/8/8"sv, "1.2.3.4/1e1"sv, "::/129"sv, "::/1000"sv, "[::1]"sv,
        "1.2.3.4:80"sv, "example.org"sv, " 1.2.3.4"sv, "1.2.3.4 "sv, "/8"sv,
        "1.2.3.4\0x"sv, "::ffff:1.2.3.4/95"sv})
    CAF_CHECK_EQUAL(std::string{text} + (is_address_or_cidr(text) ? " y" : ""),
                    std::string{text});
}
