#define CAF_SUITE dial_requests
#include <caf/test/unit_test.hpp>

#include <vector>

#include "tests/net/dial_rig.hpp"

// Requests that are made more than once: redirects, challenges, proxies.

using namespace switchboard;
using namespace switchboard::net;
using namespace switchboard::net::test;
using namespace std::chrono_literals;

namespace {

using kind = dial_failure::kind;

std::string redirect_to(const std::string& place,
                        const std::string& status = "302 Found") {
  return "HTTP/1.1 " + status + "\r\nLocation: " + place
         + "\r\nContent-Length: 4\r\n\r\nmove";
}

std::string url_of(const scripted_peer& peer, const std::string& path) {
  return "http://127.0.0.1:" + std::to_string(peer.port()) + path;
}

authentication_options basic_credentials() {
  authentication_options result;
  result.username = "user";
  result.password = "secret";
  return result;
}

/// `user:secret` in base64.
constexpr auto basic_proof = "Basic dXNlcjpzZWNyZXQ=";

constexpr auto basic_challenge = "HTTP/1.1 401 Unauthorized\r\n"
                                 "WWW-Authenticate: Basic realm=\"r\"\r\n"
                                 "Content-Length: 0\r\n\r\n";

constexpr auto proxy_challenge = "HTTP/1.1 407 Proxy Authentication Required"
                                 "\r\nProxy-Authenticate: Basic realm=\"p\""
                                 "\r\nContent-Length: 0\r\n\r\n";

proxy_options proxy_at(std::uint16_t port) {
  proxy_options result;
  result.host = "127.0.0.1";
  result.port = port;
  return result;
}

} // namespace

CAF_TEST(each redirect is followed on the same connection where it is kept) {
  for (auto status : {"301 Moved Permanently", "302 Found", "303 See Other",
                      "307 Temporary Redirect", "308 Permanent Redirect"}) {
    CAF_MESSAGE(status);
    std::string second;
    scripted_peer peer{1, [&](script_socket& socket, int) {
                         socket.read_head();
                         socket.write(redirect_to("/there?x=1", status));
                         second = socket.read_head();
                         socket.write(upgrade_answer(second));
                         socket.wait_for_end();
                       }};
    {
      dial_rig rig;
      auto result = rig.run(rig.target(peer.port(), "/here"));
      CAF_REQUIRE(result);
      CAF_CHECK_EQUAL(result.success->target.request_uri, "/there?x=1");
    }
    CAF_CHECK(second.starts_with("GET /there?x=1 "));
  }
}

CAF_TEST(a redirect behind which the peer hangs up is followed anew) {
  scripted_peer peer{2, [](script_socket& socket, int i) {
                       auto head = socket.read_head();
                       if (i == 0) {
                         socket.write("HTTP/1.1 302 Found\r\nLocation: /b\r\n"
                                      "Connection: close\r\n\r\n");
                         return;
                       }
                       socket.write(upgrade_answer(head));
                       socket.wait_for_end();
                     }};
  dial_rig rig;
  CAF_CHECK(rig.run(rig.target(peer.port())));
}

CAF_TEST(credentials and cookies stay with the first origin) {
  std::vector<std::string> heads;
  scripted_peer second{1, [&](script_socket& socket, int) {
                         heads.push_back(socket.read_head());
                         socket.write(upgrade_answer(heads.back()));
                         socket.wait_for_end();
                       }};
  scripted_peer first{1, [&](script_socket& socket, int) {
                        heads.push_back(socket.read_head());
                        socket.write(redirect_to("/again"));
                        heads.push_back(socket.read_head());
                        socket.write(redirect_to(url_of(second, "/x")));
                        socket.wait_for_end();
                      }};
  {
    dial_rig rig;
    rig.options.authentication = basic_credentials();
    CAF_CHECK(rig.run(rig.target(first.port()),
                      {{"Cookie", "c=d"}, {"X-Kept", "yes"}}));
  }
  CAF_REQUIRE_EQUAL(heads.size(), 3u);
  for (auto i = 0u; i < 2; ++i) {
    CAF_CHECK_EQUAL(header_of(heads[i], "authorization"), basic_proof);
    CAF_CHECK_EQUAL(header_of(heads[i], "cookie"), "c=d");
  }
  CAF_CHECK_EQUAL(header_of(heads[2], "authorization"), "");
  CAF_CHECK_EQUAL(header_of(heads[2], "cookie"), "");
  CAF_CHECK_EQUAL(header_of(heads[2], "x-kept"), "yes");
}

CAF_TEST(the sixth redirect in a row is one too many) {
  auto asked = 0;
  scripted_peer peer{1, [&](script_socket& socket, int) {
                       while (!socket.read_head().empty()) {
                         ++asked;
                         socket.write(redirect_to("/next"));
                       }
                     }};
  dial_rig rig;
  auto result = rig.run(rig.target(peer.port()));
  CAF_CHECK(result.is(kind::connectivity));
  CAF_CHECK(result.tells("redirects"));
  CAF_CHECK_EQUAL(asked, 6);
}

CAF_TEST(a redirect that is not to be followed is a failure) {
  scripted_peer peer{1, [&](script_socket& socket, int) {
                       socket.read_head();
                       socket.write(redirect_to("/next"));
                       socket.wait_for_end();
                     }};
  dial_rig rig;
  rig.options.follow_redirects = false;
  auto result = rig.run(rig.target(peer.port()));
  CAF_CHECK(result.is(kind::connectivity));
  CAF_CHECK(result.tells("302 Found"));
}

CAF_TEST(basic credentials go at once or behind a challenge) {
  for (auto preemptive : {true, false}) {
    std::vector<std::string> proofs;
    scripted_peer peer{1, [&](script_socket& socket, int) {
                         for (;;) {
                           auto head = socket.read_head();
                           if (head.empty())
                             return;
                           proofs.push_back(header_of(head, "authorization"));
                           socket.write(proofs.back().empty()
                                            ? basic_challenge
                                            : upgrade_answer(head));
                         }
                       }};
    {
      dial_rig rig;
      rig.options.authentication = basic_credentials();
      rig.options.authentication->preemptive = preemptive;
      CAF_CHECK(rig.run(rig.target(peer.port())));
    }
    CAF_CHECK_EQUAL(proofs.size(), preemptive ? 1u : 2u);
    CAF_CHECK_EQUAL(proofs.back(), basic_proof);
  }
}

CAF_TEST(refused credentials are not unauthorized but basic authentication) {
  auto asked = 0;
  scripted_peer peer{1, [&](script_socket& socket, int) {
                       while (!socket.read_head().empty()) {
                         ++asked;
                         socket.write(basic_challenge);
                       }
                     }};
  dial_rig rig;
  rig.options.authentication = basic_credentials();
  auto result = rig.run(rig.target(peer.port()));
  CAF_CHECK(result.is(kind::basic_authentication));
  CAF_CHECK(!result.tells("secret"));
  CAF_CHECK_EQUAL(asked, 1);
}

CAF_TEST(a proxy is asked for a tunnel for ws as well) {
  std::string connect;
  scripted_peer proxy{1, [&](script_socket& socket, int) {
                        connect = socket.read_head();
                        socket.write("HTTP/1.1 200 OK\r\n\r\n");
                        socket.write(upgrade_answer(socket.read_head()));
                        socket.wait_for_end();
                      }};
  {
    dial_rig rig;
    rig.options.proxy = proxy_at(proxy.port());
    CAF_CHECK(rig.run({false, "peer.example", 80, "/"}));
  }
  CAF_CHECK(connect.starts_with("CONNECT peer.example:80 HTTP/1.1\r\n"));
}

CAF_TEST(a proxy that keeps no connection is challenged on a new one) {
  std::vector<std::string> proofs;
  scripted_peer proxy{
      2, [&](script_socket& socket, int i) {
        auto head = socket.read_head();
        proofs.push_back(header_of(head, "Proxy-Authorization"));
        if (i == 0) {
          socket.write("HTTP/1.1 407 No\r\nConnection: close\r\n"
                       "Proxy-Authenticate: Basic realm=\"p\"\r\n\r\n");
          return;
        }
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.write(upgrade_answer(socket.read_head()));
        socket.wait_for_end();
      }};
  {
    dial_rig rig;
    rig.options.proxy = proxy_at(proxy.port());
    rig.options.proxy->username = "user";
    rig.options.proxy->password = "secret";
    CAF_CHECK(rig.run({false, "peer.example", 80, "/"}));
  }
  CAF_CHECK_EQUAL(proofs.back(), basic_proof);
}

CAF_TEST(what a proxy refuses is a matter of connectivity) {
  struct row {
    std::string answer;
    const char* told;
  };
  for (auto& row : std::initializer_list<row>{
           {"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!", "no!"},
           {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"},
           {"HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n", "503"},
           {proxy_challenge, "407"},
           {"HTTP/1.1 200 OK\r\n\r\nSSH-2.0", "nobody asked for"},
           {"SSH-2.0\r\n\r\n", "no HTTP/1.1"},
           {"", "closed"},
       }) {
    CAF_MESSAGE(row.told);
    scripted_peer proxy{1, [&](script_socket& socket, int) {
                          socket.read_head();
                          socket.write(row.answer);
                          if (!row.answer.empty())
                            socket.wait_for_end();
                        }};
    dial_rig rig;
    rig.options.proxy = proxy_at(proxy.port());
    auto result = rig.run({false, "peer.example", 80, "/"});
    CAF_CHECK(result.is(kind::connectivity));
    CAF_CHECK(result.tells("the proxy 127.0.0.1:"));
    CAF_CHECK(result.tells(row.told));
  }
}

CAF_TEST(hosts that need no proxy are reached directly) {
  scripted_peer peer{1, [](script_socket& socket, int) {
                       auto head = socket.read_head();
                       CAF_CHECK(head.starts_with("GET "));
                       socket.write(upgrade_answer(head));
                       socket.wait_for_end();
                     }};
  dial_rig rig;
  rig.options.proxy = proxy_at(1);
  rig.options.proxy->non_proxy_hosts = {"*.example", "127.0.*"};
  CAF_CHECK(rig.run(rig.target(peer.port())));
}

CAF_TEST(a peer behind a proxy that closes is remotely closed) {
  scripted_peer proxy{1, [&](script_socket& socket, int) {
                        socket.read_head();
                        socket.write("HTTP/1.1 200 OK\r\n\r\n");
                        socket.read_head();
                      }};
  dial_rig rig;
  rig.options.proxy = proxy_at(proxy.port());
  auto result = rig.run({false, "peer.example", 80, "/"});
  CAF_CHECK(result.is(kind::remotely_closed));
}
