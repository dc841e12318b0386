#define CAF_SUITE config.proxy

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;

namespace {

constexpr std::string_view header = R"([websocket.a.client]
[proxy.p]
host = "proxy.internal"
port = 3128
)";

} // namespace

CAF_TEST(every key of a proxy is read) {
  auto proxies = good(std::string{header} + R"(username = "u"
password = "${SECRET}"
non_proxy_hosts = " localhost, *.internal ,10.0.*"
ntlm_domain = "D"
[proxy.q]
host = "::1"
port = 1
non_proxy_hosts = ["a", "*b"]
)")
                     .switchboard.proxies;
  CAF_REQUIRE_EQUAL(proxies.size(), 2u);
  auto& p = proxies[0];
  CAF_CHECK_EQUAL(p.name, "p");
  CAF_CHECK_EQUAL(p.at.line, 2u);
  CAF_CHECK_EQUAL(p.host, "proxy.internal");
  CAF_CHECK_EQUAL(p.port, 3128);
  CAF_CHECK_EQUAL(p.username, "u");
  CAF_CHECK_EQUAL(p.password, "hunter2");
  CAF_CHECK_EQUAL(p.non_proxy_hosts, (std::vector<std::string>{
                                         "localhost", "*.internal", "10.0.*"}));
  CAF_CHECK_EQUAL(p.ntlm_domain, "D");
  CAF_CHECK_EQUAL(proxies[1].non_proxy_hosts,
                  (std::vector<std::string>{"a", "*b"}));
  CAF_CHECK_EQUAL(proxies[1].username, "");
}

CAF_TEST(the keys of a proxy are checked) {
  check_rows(
      header,
      {{R"(ntlm_domain = "D")", "1: proxy.p.ntlm_domain: needs credentials, "
                                "expected username beside it"},
       {R"(password = "p")", "1: proxy.p.password: has no effect alone, "
                             "expected username beside it"},
       {R"(password = 1234)",
        "1: proxy.p.password: has no effect alone, expected username beside "
        "it\n"
        "12: proxy.p.password: is an integer, expected a string"},
       {R"(username = "a:b")",
        "12: proxy.p.username: \"a:b\" holds a colon, expected none"},
       {R"(username = "")", "12: proxy.p.username: is empty, expected a name"},
       {"non_proxy_hosts = \"a,,b\"",
        "19: proxy.p.non_proxy_hosts: \"\" is no host, expected one such as "
        "\"*.internal\" or \"10.0.*\""},
       {R"(non_proxy_hosts = ["a/b", 5])",
        "20: proxy.p.non_proxy_hosts[0]: \"a/b\" is no host, expected one such "
        "as \"*.internal\" or \"10.0.*\"\n"
        "27: proxy.p.non_proxy_hosts[1]: is an integer, expected a string"},
       {"non_proxy_hosts = 5",
        "19: proxy.p.non_proxy_hosts: is an integer, expected an array of "
        "hosts or a comma-separated string"},
       {R"(tls = "x")",
        "1: proxy.p.tls: is an unknown key, the nearest known key is host"}});
  CAF_CHECK_EQUAL(
      problems_of("[websocket.a.client]\n[proxy.p]\n"),
      "2:1: proxy.p.host: is missing, expected an address or host name\n"
      "2:1: proxy.p.port: is missing, expected an integer from 1 to 65535\n");
}

CAF_TEST(a client names a proxy of the file) {
  check_rows(
      "[proxy.main]\nhost = \"h\"\nport = 1\n[websocket.a.client]\n",
      {{R"(proxy = "main")", ""},
       {R"(proxy = "mian")", "9: websocket.a.client.proxy: \"mian\" is no "
                             "[proxy.NAME], the nearest is \"main\""},
       {R"(proxy = "${SECRET}")", "9: websocket.a.client.proxy: the value is "
                                  "no [proxy.NAME], the nearest is \"main\""}});
  check_rows("[websocket.a.client]\n",
             {{R"(proxy = "main")",
               "9: websocket.a.client.proxy: \"main\" is no [proxy.NAME], "
               "expected one in this file, which has none"}});
  check_rows("[websocket.a.client]\nproxy = \"main\"\n",
             {{"[proxi.main]",
               "2: proxi: is an unknown key, the nearest known key is proxy"}});
  CAF_CHECK_EQUAL(
      problems_of("[websocket.a.client]\nproxy = \"x\"\n[proxy]\nmain = 5\n"),
      "4:8: proxy.main: is an integer, expected a table [proxy.NAME]\n");
}
