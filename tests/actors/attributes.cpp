#define CAF_SUITE attributes
#include <caf/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <malloc.h>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

using namespace switchboard;

namespace {

handshake_fields rich_fields() {
  handshake_fields result;
  result.socket_id = "0b5c4d1e-6f70-4a81-92a3-b4c5d6e7f809";
  result.type = socket_type::outbound;
  result.config = "main";
  result.request_uri = "/chat/caf%C3%A9/?name=a%20b+c&tag=x&tag=%FF&flag";
  result.relative_path = "/caf%C3%A9/";
  result.headers = {{"host", "example.org"},
                    {"x-trace", "1"},
                    {"x-empty", ""},
                    {"x-trace", "2"}};
  result.uri_params = {{"room", "caf\xC3\xA9"}, {"empty", ""}};
  result.secure = true;
  result.local_address = "[::1]:443";
  result.remote_address = "192.0.2.1:50000";
  result.subprotocol = "chat.v2";
  result.connected_at = caf::timestamp{std::chrono::milliseconds{1'500}};
  return result;
}

/// What a small client sends.
handshake_fields minimal_fields() {
  handshake_fields result;
  result.socket_id = "0b5c4d1e-6f70-4a81-92a3-b4c5d6e7f809";
  result.config = "main";
  result.request_uri = "/idle1";
  result.relative_path = "/idle1";
  result.headers = {{"host", "127.0.0.1:8080"},
                    {"upgrade", "websocket"},
                    {"connection", "Upgrade"},
                    {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                    {"sec-websocket-version", "13"}};
  result.local_address = "127.0.0.1:8080";
  result.remote_address = "127.0.0.1:50000";
  return result;
}

std::shared_ptr<const handshake_attributes>
handshake_of_uri(std::string uri, std::string relative_path = {}) {
  handshake_fields result;
  result.request_uri = std::move(uri);
  result.relative_path = std::move(relative_path);
  return make_handshake(result);
}

/// Bytes that the allocator has handed out, with what it needs itself.
std::size_t bytes_in_use() {
  auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

} // namespace

CAF_TEST(a handshake answers what it was made from) {
  auto known = make_handshake(rich_fields());
  CAF_CHECK_EQUAL(known->socket_id(), "0b5c4d1e-6f70-4a81-92a3-b4c5d6e7f809");
  CAF_CHECK(known->type() == socket_type::outbound);
  CAF_CHECK_EQUAL(known->config(), "main");
  CAF_CHECK_EQUAL(known->request_uri(),
                  "/chat/caf%C3%A9/?name=a%20b+c&tag=x&tag=%FF&flag");
  CAF_CHECK_EQUAL(known->path(), "/chat/caf%C3%A9/");
  CAF_CHECK_EQUAL(known->relative_path(), "/caf%C3%A9/");
  CAF_CHECK_EQUAL(known->query_string(), "name=a%20b+c&tag=x&tag=%FF&flag");
  CAF_CHECK_EQUAL(known->version(), "HTTP/1.1");
  CAF_CHECK_EQUAL(known->method(), "GET");
  CAF_CHECK_EQUAL(known->scheme(), "WSS");
  CAF_CHECK_EQUAL(known->local_address(), "[::1]:443");
  CAF_CHECK_EQUAL(known->remote_address(), "192.0.2.1:50000");
  CAF_CHECK_EQUAL(known->subprotocol(), "chat.v2");
  CAF_CHECK(known->connected_at()
            == caf::timestamp{std::chrono::milliseconds{1'500}});
}

CAF_TEST(headers keep their order and repeats) {
  auto known = make_handshake(rich_fields());
  CAF_CHECK(known->headers() == rich_fields().headers);
  string_pairs visited;
  known->for_each_header([&](std::string_view name, std::string_view value) {
    visited.emplace_back(name, value);
  });
  CAF_CHECK(visited == rich_fields().headers);
  CAF_CHECK_EQUAL(known->header("x-trace").value_or("none"), "1");
  CAF_CHECK_EQUAL(known->header("x-empty").value_or("none"), "");
  CAF_CHECK_EQUAL(known->header("absent").value_or("none"), "none");
}

CAF_TEST(parameters are decoded) {
  auto known = make_handshake(rich_fields());
  CAF_CHECK(
      known->query_params()
      == string_pairs(
          {{"name", "a b c"}, {"tag", "x"}, {"tag", "\xFF"}, {"flag", ""}}));
  CAF_CHECK(known->uri_params() == rich_fields().uri_params);
  string_pairs visited;
  known->for_each_uri_param([&](std::string_view name, std::string_view value) {
    visited.emplace_back(name, value);
  });
  CAF_CHECK(visited == rich_fields().uri_params);
}

CAF_TEST(a query may be empty or absent) {
  auto without = handshake_of_uri("/a");
  CAF_CHECK_EQUAL(without->path(), "/a");
  CAF_CHECK_EQUAL(without->query_string(), "");
  CAF_CHECK(without->query_params().empty());
  auto empty = handshake_of_uri("/a?");
  CAF_CHECK_EQUAL(empty->path(), "/a");
  CAF_CHECK_EQUAL(empty->query_string(), "");
  auto twice = handshake_of_uri("/a?b?c");
  CAF_CHECK_EQUAL(twice->path(), "/a");
  CAF_CHECK_EQUAL(twice->query_string(), "b?c");
}

CAF_TEST(a relative path need not stand in the request) {
  auto below = [](std::string path) {
    auto known = handshake_of_uri("/chat/x?/y", std::move(path));
    CAF_CHECK_EQUAL(known->request_uri(), "/chat/x?/y");
    return std::string{known->relative_path()};
  };
  CAF_CHECK_EQUAL(below("/chat/x"), "/chat/x");
  CAF_CHECK_EQUAL(below("/x"), "/x");
  CAF_CHECK_EQUAL(below("/"), "/");
  CAF_CHECK_EQUAL(below("/y"), "/y");
  CAF_CHECK_EQUAL(below("/elsewhere"), "/elsewhere");
  CAF_CHECK_EQUAL(below(""), "");
}

CAF_TEST(nothing is known of nothing) {
  auto known = make_handshake({});
  for (auto text :
       {known->socket_id(), known->config(), known->path(),
        known->relative_path(), known->request_uri(), known->query_string(),
        known->local_address(), known->remote_address(), known->subprotocol()})
    CAF_CHECK_EQUAL(text, "");
  CAF_CHECK(known->type() == socket_type::inbound);
  CAF_CHECK_EQUAL(known->scheme(), "WS");
  CAF_CHECK(known->headers().empty());
  CAF_CHECK(known->query_params().empty());
  CAF_CHECK(known->uri_params().empty());
  CAF_CHECK(!known->header(""));
}

CAF_TEST(texts of every length come back whole) {
  for (std::size_t size : {0u, 1u, 126u, 127u, 128u, 129u, 16'383u, 16'384u,
                           65'535u, 65'536u, 2'097'151u, 2'097'152u}) {
    handshake_fields fields;
    fields.request_uri = "/" + std::string(size, 'u') + "?q";
    fields.relative_path = "/" + std::string(size, 'u');
    fields.headers = {{std::string(size, 'n'), "v"},
                      {"n", std::string(size, 'v')},
                      {"last", "one"}};
    fields.uri_params = {{"p", std::string(size, 'p')}};
    fields.remote_address = "peer";
    auto known = make_handshake(fields);
    CAF_CHECK(known->request_uri() == fields.request_uri);
    CAF_CHECK(known->relative_path() == fields.relative_path);
    CAF_CHECK_EQUAL(known->query_string(), "q");
    CAF_CHECK(known->headers() == fields.headers);
    CAF_CHECK_EQUAL(known->header("last").value_or(""), "one");
    CAF_CHECK(known->uri_params() == fields.uri_params);
    CAF_CHECK_EQUAL(known->remote_address(), "peer");
  }
}

CAF_TEST(names and values may hold any byte) {
  handshake_fields fields;
  std::string bytes;
  for (auto byte = 0; byte < 256; ++byte)
    bytes += static_cast<char>(byte);
  fields.headers = {{bytes, bytes}, {"", ""}, {"x", bytes}};
  fields.uri_params = {{"", bytes}, {"", ""}};
  auto known = make_handshake(fields);
  CAF_CHECK(known->headers() == fields.headers);
  CAF_CHECK(known->uri_params() == fields.uri_params);
}

CAF_TEST(a handshake survives being taken apart and put together) {
  auto first = make_handshake(rich_fields());
  auto second = make_handshake(first->fields());
  CAF_CHECK_EQUAL(caf::deep_to_string(socket_attributes{first, {}}),
                  caf::deep_to_string(socket_attributes{second, {}}));
  CAF_CHECK(second->headers() == rich_fields().headers);
  CAF_CHECK_EQUAL(second->scheme(), "WSS");
  CAF_CHECK_EQUAL(second->relative_path(), "/caf%C3%A9/");
}

CAF_TEST(attributes survive serialization) {
  caf::actor_system_config config;
  config.set("scheduler.max-threads", 1);
  caf::actor_system system{config};
  socket_attributes sent{
      make_handshake(rich_fields()),
      std::make_shared<const string_list>(string_list{"a", "b"})};
  std::vector<char> buffer;
  caf::binary_serializer sink{system, buffer};
  CAF_REQUIRE(!sink(sent));
  socket_attributes received;
  caf::binary_deserializer source{system, buffer};
  CAF_REQUIRE(!source(received));
  CAF_CHECK_EQUAL(caf::deep_to_string(received), caf::deep_to_string(sent));
  CAF_CHECK(received->connected_at() == sent->connected_at());
  CAF_CHECK(received->headers() == sent->headers());
  CAF_CHECK(received->query_params() == sent->query_params());
}

CAF_TEST(a certificate lies behind everything else) {
  for (auto relative : {"/caf%C3%A9/", "/not/in/the/uri", ""})
    for (std::size_t size : {1u, 127u, 128u, 20'000u}) {
      auto fields = rich_fields();
      fields.relative_path = relative;
      CAF_CHECK(!make_handshake(fields)->has_client_certificate());
      fields.client_certificate = {"CN=caf\xC3\xA9", "", "0A", "AB:CD",
                                   std::string(size, 'p')};
      auto known = make_handshake(fields);
      CAF_CHECK(known->has_client_certificate());
      string_pairs shown;
      known->for_each_certificate_field(
          [&](auto name, auto value) { shown.emplace_back(name, value); });
      CAF_CHECK(shown
                == (string_pairs{{"subject", "CN=caf\xC3\xA9"},
                                 {"issuer", ""},
                                 {"serial", "0A"},
                                 {"fingerprint", "AB:CD"},
                                 {"pem", std::string(size, 'p')}}));
      CAF_CHECK_EQUAL(known->relative_path(), relative);
      CAF_CHECK(known->uri_params() == fields.uri_params);
      auto again = make_handshake(known->fields());
      CAF_CHECK_EQUAL(caf::deep_to_string(socket_attributes{again, {}}),
                      caf::deep_to_string(socket_attributes{known, {}}));
    }
}

CAF_TEST(who was let in lies behind a certificate) {
  for (auto relative : {"/caf%C3%A9/", "/not/in/the/uri"})
    for (auto certified : {false, true})
      for (auto& [user, claims] :
           std::vector<std::pair<std::string, std::string>>{
               {"ann", R"({"sub":"ann"})"},
               {"", "{}"},
               {"ann", ""},
               {std::string(300, 'u'), std::string(6'000, 'c')}}) {
        auto fields = rich_fields();
        fields.relative_path = relative;
        if (certified)
          fields.client_certificate = {"CN=c", "CN=i", "0A", "AB", "pem"};
        auto without = make_handshake(fields);
        CAF_CHECK_EQUAL(without->user(), "");
        CAF_CHECK_EQUAL(without->claims(), "");
        fields.user = user;
        fields.claims = claims;
        auto known = make_handshake(fields);
        CAF_CHECK_EQUAL(known->user(), user);
        CAF_CHECK_EQUAL(known->claims(), claims);
        CAF_CHECK_EQUAL(known->has_client_certificate(), certified);
        CAF_CHECK_EQUAL(known->relative_path(), relative);
        CAF_CHECK_EQUAL(known->generation(), fields.generation);
        auto again = make_handshake(known->fields());
        CAF_CHECK_EQUAL(caf::deep_to_string(socket_attributes{again, {}}),
                        caf::deep_to_string(socket_attributes{known, {}}));
      }
}

CAF_TEST(the handshake of a small client costs at most 240 bytes) {
  constexpr std::size_t count = 10'000;
  auto fields = minimal_fields();
  std::vector<std::shared_ptr<const handshake_attributes>> known;
  known.reserve(count);
  auto before = bytes_in_use();
  for (std::size_t i = 0; i < count; ++i)
    known.push_back(make_handshake(fields));
  auto after = bytes_in_use();
  CAF_MESSAGE("bytes each: " << (after - before) / count);
  CAF_CHECK_LESS_OR_EQUAL((after - before) / count, 240u);
}

CAF_TEST(headers come out as they came in) {
  const string_pairs rows[] = {
      {},
      // Names and values that every client sends, and their neighbours.
      {{"upgrade", "websocket"}, {"upgrade", "WebSocket"}, {"upgrade", ""}},
      {{"Upgrade", "websocket"}, {"upgrad", "websocket"}, {"upgrades", "1"}},
      {{"sec-websocket-version", "13"}, {"sec-websocket-version", "8"}},
      {{"x-request-id", ""}, {"x-request-id", "7"}, {"zzz", "last"}},
      {{"cookie", std::string(300, 'c')}, {std::string(200, 'n'), "long"}},
      // Nothing that a request can hold, but a node of the network may send it.
      {{"", ""}, {"", "nameless"}, {std::string(1, '\0'), "zero"}},
      {{"host", std::string("\0\x2F", 2)}, {"host", std::string(1, '\0')}},
  };
  for (auto& headers : rows) {
    handshake_fields fields;
    fields.headers = headers;
    fields.uri_params = headers;
    auto made = make_handshake(fields);
    CAF_CHECK_EQUAL(made->headers(), headers);
    CAF_CHECK_EQUAL(made->uri_params(), headers);
    for (auto& [name, value] : headers)
      CAF_CHECK(made->header(name).has_value());
  }
}

CAF_TEST(what every client says takes no room) {
  constexpr std::size_t count = 1'000;
  auto bytes_for = [&](const handshake_fields& fields) {
    std::vector<std::shared_ptr<const handshake_attributes>> kept(count);
    auto before = bytes_in_use();
    for (auto& each : kept)
      each = make_handshake(fields);
    return (bytes_in_use() - before) / count;
  };
  auto some = minimal_fields();
  auto with_more = some;
  with_more.headers.insert(with_more.headers.end(),
                           {{"pragma", "no-cache"},
                            {"cache-control", "no-cache"},
                            {"accept-encoding", "gzip, deflate, br, zstd"},
                            {"sec-websocket-extensions",
                             "permessage-deflate; client_max_window_bits"}});
  // Two bytes each, and what the allocator rounds up.
  CAF_CHECK_LESS_OR_EQUAL(bytes_for(with_more), bytes_for(some) + 16);
}
