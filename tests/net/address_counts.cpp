#define CAF_SUITE address_counts
#include <caf/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "net/address_counts.hpp"

using namespace switchboard::net;

CAF_TEST(addresses that belong together are the same key) {
  struct row {
    std::string a;
    std::string b;
    bool same;
  };
  std::vector<row> rows{
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"192.0.2.1", "::ffff:192.0.2.1", true},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
      {"2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
      {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
      {"fe80::1", "fe80::2%eth0", true},
      {"::1", "0.0.0.1", false},
  };
  for (auto& what : rows) {
    CAF_MESSAGE(what.a << " and " << what.b);
    auto a = address_key::of(what.a);
    auto b = address_key::of(what.b);
    CAF_REQUIRE(a.has_value());
    CAF_REQUIRE(b.has_value());
    CAF_CHECK_EQUAL(*a == *b, what.same);
    if (what.same)
      CAF_CHECK_EQUAL(a->hash(), b->hash());
  }
}

CAF_TEST(what is no address has no key) {
  for (auto text : {"", "unknown", "192.0.2", "192.0.2.1:80", "[::1]",
                    "_hidden", "::1::", "%eth0"})
    CAF_CHECK(!address_key::of(std::string_view{text}));
  CAF_CHECK(!address_key::of(std::string(1000, '1')));
  sockaddr_storage local{};
  local.ss_family = AF_UNIX;
  CAF_CHECK(!address_key::of(local));
}

CAF_TEST(a socket address and its text are the same key) {
  sockaddr_storage address{};
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(4711);
  CAF_REQUIRE_EQUAL(::inet_pton(AF_INET6, "2001:db8::5", &v6.sin6_addr), 1);
  CAF_CHECK(address_key::of(address) == address_key::of("2001:db8::9"));
  address = {};
  auto& v4 = reinterpret_cast<sockaddr_in&>(address);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(4711);
  CAF_REQUIRE_EQUAL(::inet_pton(AF_INET, "127.3.2.1", &v4.sin_addr), 1);
  CAF_CHECK(address_key::of(address) == address_key::of("127.3.2.1"));
}

CAF_TEST(each address has its own places and gets them back) {
  auto aut = std::make_shared<address_counts>();
  auto a = *address_key::of("192.0.2.1");
  auto b = *address_key::of("192.0.2.2");
  auto first = aut->enter(a, 2);
  auto second = aut->enter(a, 2);
  CAF_CHECK(first != nullptr);
  CAF_CHECK(second != nullptr);
  CAF_CHECK(aut->enter(a, 2) == nullptr);
  auto other = aut->enter(b, 2);
  CAF_CHECK(other != nullptr);
  CAF_CHECK_EQUAL(aut->size(), 2u);
  first.reset();
  first = aut->enter(a, 2);
  CAF_CHECK(first != nullptr);
  CAF_CHECK(aut->enter(a, 2) == nullptr);
  other.reset();
  CAF_CHECK_EQUAL(aut->size(), 1u);
  first.reset();
  second.reset();
  // Addresses that come and go leave nothing behind.
  CAF_CHECK_EQUAL(aut->size(), 0u);
}

CAF_TEST(refused addresses are not remembered) {
  auto aut = std::make_shared<address_counts>();
  CAF_CHECK(aut->enter(*address_key::of("192.0.2.1"), 0) == nullptr);
  CAF_CHECK_EQUAL(aut->size(), 0u);
}
