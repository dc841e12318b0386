#define CAF_SUITE api_tap
#include <caf/test/unit_test.hpp>

#include <array>
#include <thread>
#include <vector>

#include <boost/asio.hpp>
#include <sys/socket.h>

#include "service/api/tap_text.hpp"
#include "service/client/sse.hpp"
#include "tests/service/fake_registry.hpp"
#include "tests/service/http_client.hpp"
#include "tests/service/json_text.hpp"

using namespace switchboard;
using namespace switchboard::service;
using namespace switchboard::service::test;

namespace {

struct fixture : api_fixture {
  fixture() : client(server->address()) {}

  /// The events of a stream.
  static std::vector<boost::json::object> events_of(std::string_view body) {
    std::vector<boost::json::object> result;
    client::sse_reader reader;
    client::sse_reader::event event;
    while (reader.take(body, event)) {
      auto data = boost::json::parse(event.data).as_object();
      CAF_CHECK_EQUAL(text_of(data.at("event")), event.name);
      result.push_back(std::move(data));
    }
    return result;
  }

  std::vector<boost::json::object> tap(const std::string& query = {}) {
    http_client own{server->address()};
    auto answer = own.ask("GET", "/v1/tap" + query);
    CAF_CHECK_EQUAL(answer.status, 200u);
    CAF_CHECK_EQUAL(answer.header("Content-Type"), "text/event-stream");
    CAF_CHECK_EQUAL(answer.header("Cache-Control"), "no-store");
    return events_of(answer.body);
  }

  http_client client;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(api_tap, fixture)

CAF_TEST(a tap tells everything in order and ends) {
  auto events = tap();
  CAF_REQUIRE_EQUAL(events.size(), 6u);
  std::string names;
  for (auto& event : events)
    names += text_of(event.at("event")) + " ";
  CAF_CHECK_EQUAL(names, "opened message sent closed dropped end ");
  auto& opened = events[0];
  CAF_CHECK_EQUAL(text_of(opened.at("socket_id")), "a");
  CAF_CHECK_EQUAL(text_of(opened.at("path")), "/chat/one");
  CAF_CHECK_EQUAL(text_of(opened.at("time")), "2026-01-01T00:00:00.000Z");
  CAF_CHECK_EQUAL(opened.at("groups").as_array().size(), 2u);
  CAF_CHECK_EQUAL(text_of(events[1].at("direction")), "in");
  CAF_CHECK_EQUAL(text_of(events[1].at("format")), "text");
  CAF_CHECK_EQUAL(text_of(events[2].at("direction")), "out");
  CAF_CHECK_EQUAL(text_of(events[2].at("format")), "binary");
  CAF_CHECK_EQUAL(events[2].at("size").to_number<int>(), 5);
  CAF_CHECK_EQUAL(text_of(events[3].at("by")), "timeout");
  CAF_CHECK_EQUAL(events[4].at("not_sampled").to_number<int>(), 7);
  CAF_CHECK_EQUAL(text_of(events[5].at("reason")), "that was all");
}

CAF_TEST(contents are told where they are asked for only) {
  for (auto query : {"", "?payload=false", "?payload_limit=100"}) {
    CAF_CHECK(!tap(query)[1].contains("payload"));
    CAF_CHECK_EQUAL(book->last<tap_request>()->payload_limit, 0u);
  }
  auto events = tap("?payload=true");
  CAF_CHECK_EQUAL(book->last<tap_request>()->payload_limit, 1024u);
  CAF_CHECK_EQUAL(text_of(events[1].at("payload")), "hello");
  CAF_CHECK_EQUAL(text_of(events[1].at("encoding")), "utf-8");
  CAF_CHECK(!events[1].at("truncated").as_bool());
  CAF_CHECK_EQUAL(text_of(events[2].at("payload")), "aGVsbG8=");
  CAF_CHECK_EQUAL(text_of(events[2].at("encoding")), "base64");
  events = tap("?payload&payload_limit=2");
  CAF_CHECK_EQUAL(text_of(events[1].at("payload")), "he");
  CAF_CHECK(events[1].at("truncated").as_bool());
}

CAF_TEST(credentials of the handshake are not in it) {
  http_client own{server->address()};
  auto body = own.ask("GET", "/v1/tap?payload=true").body;
  CAF_CHECK(body.find("secret") == std::string::npos);
  CAF_CHECK(body.find("c2VjcmV0") == std::string::npos);
  CAF_CHECK(body.find("q=1") == std::string::npos);
}

CAF_TEST(the request is what the query says) {
  tap("?socket=a&config=main&path=/chat/*&type=INBOUND&group=x&group=y"
      "&sample=0.25&rate=7");
  auto asked = book->last<tap_request>();
  CAF_REQUIRE(asked != nullptr);
  CAF_CHECK_EQUAL(asked->socket_id, "a");
  CAF_CHECK_EQUAL(asked->which.config, "main");
  CAF_CHECK_EQUAL(asked->which.path, "/chat/*");
  CAF_CHECK(asked->which.type == socket_type_filter::inbound);
  CAF_CHECK_EQUAL(asked->which.groups.size(), 2u);
  CAF_CHECK_EQUAL(asked->sample, 0.25);
  CAF_CHECK_EQUAL(asked->rate, 7u);
}

CAF_TEST(what is wrong is refused and the connection goes on) {
  for (auto query : {"sample=0", "sample=1.01", "sample=-1", "sample=nan",
                     "sample=", "sample=x", "rate=0", "rate=10001", "rate=1.5",
                     "payload=yes", "payload_limit=0", "payload_limit=65537",
                     "socket=", "group=", "since=1"})
    CAF_CHECK_EQUAL(client.ask("GET", "/v1/tap?" + std::string{query}).status,
                    400u);
  CAF_CHECK_EQUAL(client.ask("GET", "/v1/tap?socket=unknown").status, 404u);
  auto full = client.ask("GET", "/v1/tap?config=full");
  CAF_CHECK_EQUAL(full.status, 429u);
  CAF_CHECK_EQUAL(text_of(full.json().at("type")),
                  "SWITCHBOARD:TOO_MANY_REQUESTS");
  CAF_CHECK_EQUAL(client.ask("POST", "/v1/tap").status, 405u);
}

CAF_TEST(HEAD and HTTP 1.0 are answered as they should be) {
  client.send("HEAD /v1/tap HTTP/1.1\r\nHost: localhost\r\n\r\n");
  auto head = client.read_to_end();
  CAF_CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
  CAF_CHECK(head.find("text/event-stream") != std::string::npos);
  CAF_CHECK(head.ends_with("\r\n\r\n"));
  CAF_CHECK(head.find("data:") == std::string::npos);
  http_client old{server->address()};
  old.send("GET /v1/tap HTTP/1.0\r\n\r\n");
  auto body = old.read_to_end();
  CAF_CHECK(body.starts_with("HTTP/1.0 200 OK\r\n"));
  CAF_CHECK(body.find("chunked") == std::string::npos);
  auto begin = body.find("\r\n\r\n");
  CAF_REQUIRE(begin != std::string::npos);
  CAF_CHECK_EQUAL(events_of(std::string_view{body}.substr(begin + 4)).size(),
                  6u);
}

CAF_TEST(a quiet tap shows that it lives and ends with the API) {
  namespace asio = boost::asio;
  api::limits bounds;
  bounds.heartbeat = std::chrono::milliseconds{20};
  serve({}, bounds);
  auto address = server->address();
  auto port = address.substr(address.rfind(':') + 1);
  asio::io_context loop;
  asio::ip::tcp::socket socket{loop};
  socket.connect({asio::ip::address_v4::loopback(),
                  static_cast<std::uint16_t>(std::stoi(port))});
  std::string_view request = "GET /v1/tap?config=quiet HTTP/1.0\r\n\r\n";
  asio::write(socket, asio::buffer(request));
  std::string body;
  asio::read_until(socket, asio::dynamic_buffer(body),
                   "\n\n: still here\n\n: still here\n\n");
  CAF_CHECK(body.find("event:") == std::string::npos);
  server->stop();
  boost::system::error_code end;
  asio::read(socket, asio::dynamic_buffer(body), end);
  CAF_CHECK(end == asio::error::eof);
  CAF_CHECK(body.find("event: end\n") != std::string::npos);
}

CAF_TEST(a tap that is only about to begin ends with its token as well) {
  namespace asio = boost::asio;
  serve({"first"});
  auto address = server->address();
  auto port = address.substr(address.rfind(':') + 1);
  asio::io_context loop;
  asio::ip::tcp::socket socket{loop};
  socket.connect({asio::ip::address_v4::loopback(),
                  static_cast<std::uint16_t>(std::stoi(port))});
  // So that the test ends where the tap does not.
  timeval patience{10, 0};
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience,
               sizeof patience);
  std::string_view request = "GET /v1/tap?config=late HTTP/1.0\r\n"
                             "Authorization: Bearer first\r\n\r\n";
  asio::write(socket, asio::buffer(request));
  while (book->last<tap_request>() == nullptr)
    std::this_thread::yield();
  server->change_tokens({"second"});
  // In force: whoever comes now is judged by it.
  http_client other{server->address()};
  auto status =
      other.ask("GET", "/v1/log", {}, {{"Authorization", "Bearer second"}})
          .status;
  CAF_CHECK_EQUAL(status, 200u);
  book->release();
  std::string body;
  std::array<char, 4096> piece;
  ssize_t size;
  while ((size = ::recv(socket.native_handle(), piece.data(), piece.size(), 0))
         > 0)
    body.append(piece.data(), static_cast<std::size_t>(size));
  CAF_CHECK_EQUAL(size, 0);
  CAF_CHECK(body.find("the tokens of the management API have changed")
            != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(a text that was cut inside a character ends before it) {
  tap_event what;
  auto payload_of = [&](std::string text, std::size_t size) {
    what.payload = std::move(text);
    what.size = size;
    return text_of(api::to_json(what, true).at("payload"));
  };
  CAF_CHECK_EQUAL(payload_of("a\xC3", 3), "a");
  CAF_CHECK_EQUAL(payload_of("a\xC3\xA4", 4), "a\xC3\xA4");
  CAF_CHECK_EQUAL(payload_of("a\xF0\x9F\x98", 5), "a");
  CAF_CHECK_EQUAL(payload_of("\xE2\x82", 3), "");
  CAF_CHECK_EQUAL(payload_of("", 3), "");
  CAF_CHECK_EQUAL(payload_of("abc", 9), "abc");
}

CAF_TEST(events are read whatever pieces they come in) {
  std::string text = ": hello\n\nid: 1\r\nevent: a\r\ndata: {\"x\":1}\r\n\r\n"
                     "event: b\ndata:one\ndata: two\nnonsense\n\nevent: c\n\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    client::sse_reader reader;
    client::sse_reader::event event;
    std::string seen;
    for (std::size_t at = 0; at < text.size(); at += size) {
      auto piece = std::string_view{text}.substr(at, size);
      while (reader.take(piece, event))
        seen += event.name + "=" + event.data + ";";
    }
    CAF_CHECK_EQUAL(seen, "a={\"x\":1};b=one\ntwo;");
  }
}
