#define CAF_SUITE dial
#include <caf/test/unit_test.hpp>

#include "tests/net/dial_rig.hpp"

using namespace switchboard;
using namespace switchboard::net;
using namespace switchboard::net::test;
using namespace std::chrono_literals;

namespace {

using kind = dial_failure::kind;

/// Answers every request with the same text.
scripted_peer::script answers(std::string text) {
  return [text = std::move(text)](script_socket& peer, int) {
    peer.read_head();
    peer.write(text);
  };
}

std::string answer(const std::string& status, const std::string& headers = {},
                   const std::string& body = {}) {
  return "HTTP/1.1 " + status + "\r\n" + headers
         + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string failure_of(const std::string& text) {
  scripted_peer peer{1, answers(text)};
  dial_rig rig;
  auto result = rig.run(rig.target(peer.port()));
  return result ? "success" : result.failure.text;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST(an upgrade is asked for and taken) {
  std::string head;
  scripted_peer peer{1, [&](script_socket& socket, int) {
                       head = socket.read_head();
                       socket.write(upgrade_answer(head, "X-More: Yes\r\n")
                                    + "\x81\x02hi");
                       socket.wait_for_end();
                     }};
  {
    dial_rig rig;
    auto result = rig.run(rig.target(peer.port(), "/a?b=c"),
                          {{"X-Own", "Value"}, {"Cookie", "c=d"}});
    CAF_REQUIRE(result);
    auto& what = *result.success;
    CAF_CHECK_EQUAL(what.target.request_uri, "/a?b=c");
    CAF_CHECK_EQUAL(what.received.size(), 4u);
    auto remote = "127.0.0.1:" + std::to_string(peer.port());
    CAF_CHECK_EQUAL(what.remote_address, remote);
    CAF_CHECK(what.local_address.starts_with("127.0.0.1:"));
    CAF_CHECK(!what.compression);
    auto& last = what.headers.back();
    CAF_CHECK_EQUAL(last.first, "x-more");
    CAF_CHECK_EQUAL(last.second, "Yes");
    CAF_CHECK_EQUAL(header_of(head, "host"), remote);
  }
  CAF_CHECK(head.starts_with("GET /a?b=c HTTP/1.1\r\n"));
  CAF_CHECK_EQUAL(header_of(head, "upgrade"), "websocket");
  CAF_CHECK_EQUAL(header_of(head, "connection"), "Upgrade");
  CAF_CHECK_EQUAL(header_of(head, "sec-websocket-version"), "13");
  CAF_CHECK_EQUAL(header_of(head, "x-own"), "Value");
  CAF_CHECK_EQUAL(header_of(head, "cookie"), "c=d");
  CAF_CHECK_EQUAL(header_of(head, "sec-websocket-extensions"), "");
}

CAF_TEST(header names keep their case where that is asked for) {
  std::string head;
  scripted_peer peer{1, [&](script_socket& socket, int) {
                       head = socket.read_head();
                       auto key = header_of(head, "Sec-WebSocket-Key");
                       socket.write("HTTP/1.1 101 OK\r\nUpgrade: WebSocket\r\n"
                                    "Connection: keep-alive, upgrade\r\n"
                                    "Sec-WebSocket-Accept: "
                                    + accept_key(key)
                                    + "\r\nX-Mixed: 1\r\n\r\n");
                       socket.wait_for_end();
                     }};
  dial_rig rig;
  rig.options.preserve_headers_case = true;
  auto result = rig.run(rig.target(peer.port()), {{"X-oWn", "v"}});
  CAF_REQUIRE(result);
  CAF_CHECK_EQUAL(result.success->headers.back().first, "X-Mixed");
  CAF_CHECK_EQUAL(header_of(head, "X-oWn"), "v");
}

CAF_TEST(an answer may come byte by byte and behind interim ones) {
  scripted_peer peer{1, [&](script_socket& socket, int) {
                       auto head = socket.read_head();
                       socket.write_bytewise("HTTP/1.1 103 Early Hints\r\n"
                                             "Link: </x>\r\n\r\n"
                                             + upgrade_answer(head));
                       socket.wait_for_end();
                     }};
  dial_rig rig;
  CAF_CHECK(rig.run(rig.target(peer.port())));
}

CAF_TEST(subprotocol and compression are agreed on as offered) {
  scripted_peer peer{
      2, [&](script_socket& socket, int i) {
        auto head = socket.read_head();
        CAF_CHECK_EQUAL(header_of(head, "sec-websocket-protocol"), "a, b");
        CAF_CHECK(contains(header_of(head, "sec-websocket-extensions"),
                           "permessage-deflate"));
        socket.write(upgrade_answer(
            head, i == 0 ? "Sec-WebSocket-Protocol: b\r\n"
                           "Sec-WebSocket-Extensions: permessage-deflate; "
                           "server_no_context_takeover\r\n"
                         : ""));
        socket.wait_for_end();
      }};
  dial_rig rig;
  rig.options.subprotocols = {"a", "b"};
  rig.options.compression.enabled = true;
  {
    auto both = rig.run(rig.target(peer.port()));
    CAF_REQUIRE(both);
    CAF_CHECK_EQUAL(both.success->subprotocol, "b");
    CAF_REQUIRE(both.success->compression.has_value());
    CAF_CHECK(both.success->compression->server_no_context_takeover);
  }
  auto neither = rig.run(rig.target(peer.port()));
  CAF_REQUIRE(neither);
  CAF_CHECK_EQUAL(neither.success->subprotocol, "");
  CAF_CHECK(!neither.success->compression);
}

CAF_TEST(an answer that is no valid upgrade fails the handshake) {
  struct row {
    const char* what;
    std::function<std::string(std::string)> change;
    const char* told;
  };
  auto without = [](std::string line) {
    return [line](std::string text) {
      text.erase(text.find(line),
                 text.find("\r\n", text.find(line)) + 2 - text.find(line));
      return text;
    };
  };
  auto with = [](std::string line) {
    return [line](std::string text) {
      return text.insert(text.size() - 2, line + "\r\n");
    };
  };
  std::vector<row> rows{
      {"no Upgrade", without("Upgrade: "), "no Upgrade: websocket"},
      {"no Connection", without("Connection: "), "no Connection: Upgrade"},
      {"no accept", without("Sec-WebSocket-Accept"), "Sec-WebSocket-Accept"},
      {"accept twice", with("Sec-WebSocket-Accept: x"), "Sec-WebSocket-Accept"},
      {"a subprotocol nobody offered", with("Sec-WebSocket-Protocol: x"),
       "subprotocol"},
      {"an extension nobody offered",
       with("Sec-WebSocket-Extensions: permessage-deflate"), "extension"},
      {"another key's accept",
       [](std::string text) {
         auto at = text.find("Accept: ") + 8;
         text[at] = text[at] == 'A' ? 'B' : 'A';
         return text;
       },
       "Sec-WebSocket-Accept"},
      {"HTTP/1.0", [](std::string text) { return text.replace(7, 1, "0"); },
       "no HTTP/1.1"},
      {"no HTTP", [](std::string) { return "SSH-2.0-OpenSSH_9.2\r\n\r\n"; },
       "no HTTP/1.1"},
      {"a header without a name",
       [](std::string text) { return text.insert(text.size() - 2, ": x\r\n"); },
       "no HTTP/1.1"},
      {"a head that is too large", with("X: " + std::string(20'000, 'x')),
       "too large"},
  };
  for (auto& row : rows) {
    CAF_MESSAGE(row.what);
    scripted_peer peer{1, [&](script_socket& socket, int) {
                         auto head = socket.read_head();
                         socket.write(row.change(upgrade_answer(head)));
                         socket.wait_for_end();
                       }};
    dial_rig rig;
    auto result = rig.run(rig.target(peer.port()));
    CAF_CHECK(result.is(kind::connectivity));
    CAF_CHECK(result.tells(row.told));
  }
}

CAF_TEST(each refusal has its own name and tells what the peer said) {
  struct row {
    const char* status;
    kind expected;
  };
  for (auto& row : std::initializer_list<row>{
           {"401 Unauthorized", kind::unauthorized},
           {"403 Forbidden", kind::forbidden},
           {"404 Not Found", kind::not_found},
           {"500 Internal Server Error", kind::internal_server_error},
           {"503 Service Unavailable", kind::service_unavailable},
           {"400 Bad Request", kind::connectivity},
           {"200 OK", kind::connectivity},
           {"304 Not Modified", kind::connectivity},
           {"426 Upgrade Required", kind::connectivity},
           {"502 Bad Gateway", kind::connectivity},
       }) {
    CAF_MESSAGE(row.status);
    scripted_peer peer{1, answers(answer(row.status, {}, "because"))};
    dial_rig rig;
    auto result = rig.run(rig.target(peer.port()));
    CAF_CHECK(result.is(row.expected));
    CAF_CHECK(result.tells(row.status));
    CAF_CHECK(result.tells("127.0.0.1:" + std::to_string(peer.port())));
    if (!std::string_view{row.status}.starts_with("304"))
      CAF_CHECK(result.tells("because"));
  }
}

CAF_TEST(of a body 512 bytes are told and no control character) {
  auto text = failure_of(
      answer("403 Forbidden", {}, "a\x1b[31m\n" + std::string(5000, 'x')));
  CAF_CHECK(contains(text, "a.[31m."));
  CAF_CHECK(!contains(text, "\x1b"));
  CAF_CHECK(contains(text, std::string(500, 'x')));
  CAF_CHECK(text.size() < 700);
  // Cut in the middle of a character.
  text = failure_of(answer(
      "403 Forbidden", {}, "x" + [] {
        std::string many;
        for (auto i = 0; i < 400; ++i)
          many += "é";
        return many;
      }()));
  CAF_CHECK(contains(text, "éé"));
  CAF_CHECK(
      contains(failure_of(answer("403 Forbidden", {}, "\xff\xfe")), ".."));
}

CAF_TEST(a body that does not end does not hold the failure up) {
  scripted_peer peer{1, [](script_socket& socket, int) {
                       socket.read_head();
                       socket.write("HTTP/1.1 404 Not Found\r\n"
                                    "Content-Length: 1000\r\n\r\nnot here");
                       socket.wait_for_end();
                     }};
  dial_rig rig;
  rig.patience = 20s;
  auto result = rig.run(rig.target(peer.port()));
  CAF_CHECK(result.is(kind::not_found));
  CAF_CHECK(result.tells("not here"));
}

CAF_TEST(a peer that goes before its answer is remotely closed) {
  for (auto reset : {false, true})
    for (auto some : {"", "HTTP/1.1 101 Switching Pro"}) {
      scripted_peer peer{1, [&](script_socket& socket, int) {
                           socket.read_head();
                           socket.write(some);
                           if (reset)
                             socket.reset();
                         }};
      dial_rig rig;
      auto result = rig.run(rig.target(peer.port()));
      CAF_CHECK(result.is(kind::remotely_closed));
    }
}

CAF_TEST(one deadline holds for all of it) {
  scripted_peer peer{1, [](script_socket& socket, int) {
                       socket.wait_for_end();
                     }};
  dial_rig rig;
  rig.patience = 500ms;
  auto result = rig.run(rig.target(peer.port()));
  CAF_CHECK(result.is(kind::connectivity));
  CAF_CHECK(result.tells("waiting for 127.0.0.1"));
}

CAF_TEST(nobody there and nobody of that name are told apart) {
  std::uint16_t port;
  {
    scripted_peer gone{0, {}};
    port = gone.port();
  }
  dial_rig rig;
  auto refused = rig.run(rig.target(port));
  CAF_CHECK(refused.is(kind::connectivity));
  CAF_CHECK(refused.tells("Connection refused"));
  auto unknown = rig.run({false, "no-such-host.invalid", 80, "/"});
  CAF_CHECK(unknown.is(kind::connectivity));
  CAF_CHECK(unknown.tells("cannot be looked up"));
}

CAF_TEST(of the addresses of a name one that answers will do) {
  // Only one of the two families has a listener.
  scripted_peer peer{1, [](script_socket& socket, int) {
                       socket.write(upgrade_answer(socket.read_head()));
                       socket.wait_for_end();
                     }};
  dial_rig rig;
  CAF_CHECK(rig.run({false, "localhost", peer.port(), "/"}));
}

CAF_TEST(ipv6 is written in brackets) {
  std::string head;
  scripted_peer peer{1,
                     [&](script_socket& socket, int) {
                       head = socket.read_head();
                       socket.write(upgrade_answer(head));
                       socket.wait_for_end();
                     },
                     boost::asio::ip::address_v6::loopback()};
  dial_rig rig;
  auto result = rig.run({false, "::1", peer.port(), "/"});
  CAF_REQUIRE(result);
  auto place = "[::1]:" + std::to_string(peer.port());
  CAF_CHECK_EQUAL(result.success->remote_address, place);
  CAF_CHECK_EQUAL(header_of(head, "host"), place);
}

CAF_TEST(a test of connectivity says nothing to the peer) {
  std::string head = "something";
  scripted_peer peer{1, [&](script_socket& socket, int) {
                       head = socket.read_head();
                     }};
  {
    dial_rig rig;
    CAF_CHECK(
        rig.run(rig.target(peer.port()), {}, dial::purpose::connectivity_test));
  }
  while (peer.accepted() == 0)
    std::this_thread::yield();
}

CAF_TEST(a dial may be given up at any moment) {
  for (auto turns = 1; turns < 12; ++turns) {
    scripted_peer peer{1, [](script_socket& socket, int) {
                         auto head = socket.read_head();
                         if (!head.empty())
                           socket.write("HTTP/1.1 101 Swi");
                         socket.wait_for_end();
                       }};
    dial_rig rig;
    rig.begin({false, turns % 2 ? "127.0.0.1" : "localhost", peer.port(), "/"});
    rig.abandon_after(turns);
  }
}

CAF_TEST(wss without tls is refused in words) {
  scripted_peer peer{1, [](script_socket& socket, int) {
                       socket.wait_for_end();
                     }};
  dial_rig rig;
  auto result = rig.run({true, "127.0.0.1", peer.port(), "/"});
  CAF_CHECK(result.is(kind::connectivity));
  CAF_CHECK(result.tells("TLS"));
}
