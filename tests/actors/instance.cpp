#define CAF_SUITE instance
#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <string>

#include "client.hpp"
#include "running.hpp"

using namespace switchboard;
using namespace std::chrono_literals;

namespace {

struct fixture : running {
  using running::running;

  std::vector<socket_info> sockets() {
    socket_list result;
    auto failure = ask(list_sockets_request{}, &result);
    CAF_CHECK(!failure);
    return result.sockets;
  }

  std::string only_id() {
    auto list = sockets();
    CAF_REQUIRE_EQUAL(list.size(), 1u);
    return std::string{list[0].attributes->socket_id()};
  }
};

} // namespace

CAF_TEST(messages of every size and kind come back as they went) {
  fixture board{[](server_options& options) {
    options.max_message_size = 4 * 1024 * 1024;
    options.send_queue_limit = 4 * 1024 * 1024;
    options.compression.enabled = true;
  }};
  board.start();
  CAF_CHECK(
      !board.subscribe(source_kind::inbound_listener, "/*", board.echo()));
  for (auto compress : {false, true}) {
    client peer{board.port(), "/x", compress};
    for (auto size : {0u, 1u, 125u, 126u, 65'535u, 65'536u, 1'048'576u})
      for (auto binary : {false, true})
        for (auto fragment : {false, true}) {
          std::string content(size, 'x');
          for (std::size_t i = 0; i < size; ++i)
            content[i] = static_cast<char>('a' + i * i % 26);
          peer.stream.auto_fragment(fragment);
          peer.stream.write_buffer_bytes(8192);
          peer.send(content, binary);
          CAF_CHECK(peer.receive() == content);
          CAF_CHECK_EQUAL(peer.stream.got_binary(), binary);
        }
    peer.stream.close(websocket::close_code::normal);
  }
}

CAF_TEST(a broadcast reaches the groups and paths it names and counts them) {
  fixture board;
  board.start();
  CAF_CHECK(!board.subscribe(source_kind::inbound_listener, "/a/{n}",
                             board.echo(), {"all", "as"}));
  CAF_CHECK(!board.subscribe(source_kind::inbound_listener, "/b", board.echo(),
                             {"all"}));
  client one{board.port(), "/a/1"};
  client two{board.port(), "/a/2"};
  client three{board.port(), "/b"};
  auto matched = [&](socket_filter to, const std::string& text) {
    broadcast_result result;
    auto failure =
        board.ask(broadcast_request{std::move(to), payload{text}}, &result);
    CAF_CHECK(!failure);
    CAF_CHECK(result.failures.empty());
    return result.matched;
  };
  auto all = socket_type_filter::all;
  CAF_CHECK_EQUAL(matched({"c", "", all, {}}, "everybody"), 3u);
  CAF_CHECK_EQUAL(matched({"", "", all, {"as"}}, "as only"), 2u);
  CAF_CHECK_EQUAL(matched({"c", "/b", all, {"all"}}, "b only"), 1u);
  CAF_CHECK_EQUAL(matched({"c", "/a/2", all, {"as", "all"}}, "two"), 1u);
  CAF_CHECK_EQUAL(matched({"c", "", all, {"none"}}, "nobody"), 0u);
  CAF_CHECK_EQUAL(one.receive(), "everybody");
  CAF_CHECK_EQUAL(one.receive(), "as only");
  CAF_CHECK_EQUAL(two.receive(), "everybody");
  CAF_CHECK_EQUAL(two.receive(), "as only");
  CAF_CHECK_EQUAL(two.receive(), "two");
  CAF_CHECK_EQUAL(three.receive(), "everybody");
  CAF_CHECK_EQUAL(three.receive(), "b only");
  broadcast_result unused;
  auto ask = [&](socket_filter to, std::string text) {
    return code_of(board.ask(
        broadcast_request{std::move(to), payload{std::move(text)}}, &unused));
  };
  CAF_CHECK(ask({"nobody", "", all, {}}, "x") == errc::invalid_argument);
  CAF_CHECK(ask({"c", "/*/x", all, {}}, "x") == errc::invalid_argument);
  CAF_CHECK(ask({"c", "", all, {}}, "\xff") == errc::invalid_argument);
}

CAF_TEST(a socket whose queue is full fails and the others do not ) {
  fixture board{[](server_options& options) {
    options.send_queue_limit = 64 * 1024;
    options.slow_consumer = slow_consumer_policy::drop_newest;
  }};
  board.start();
  CAF_CHECK(
      !board.subscribe(source_kind::inbound_listener, "/*", board.echo()));
  client deaf{board.port(), "/deaf"};
  client well{board.port(), "/well"};
  std::string content(60'000, 'x');
  auto failed = false;
  for (auto i = 0; i < 2000 && !failed; ++i) {
    broadcast_result result;
    CAF_REQUIRE(
        !board.ask(broadcast_request{{"c", "", socket_type_filter::all, {}},
                                     payload{content}},
                   &result));
    CAF_REQUIRE_EQUAL(result.matched, 2u);
    CAF_REQUIRE(well.receive() == content);
    if (result.failures.empty())
      continue;
    failed = true;
    CAF_CHECK_EQUAL(result.failures.size(), 1u);
    CAF_CHECK_EQUAL(result.failures[0].uri, "/deaf");
    CAF_CHECK_EQUAL(result.failures[0].error_type, "WEBSOCKET:CONNECTIVITY");
  }
  CAF_CHECK(failed);
}

CAF_TEST(closing answers after the handshake and the id is gone then) {
  fixture board;
  board.start();
  CAF_CHECK(
      !board.subscribe(source_kind::inbound_listener, "/*", board.echo()));
  client peer{board.port()};
  auto id = board.only_id();
  websocket::close_reason reason;
  std::thread reader{[&] {
    reason = peer.end();
  }};
  CAF_CHECK(!board.ask<void>(close_request{"c", id, 4001, "enough"}));
  reader.join();
  CAF_CHECK_EQUAL(static_cast<int>(reason.code), 4001);
  CAF_CHECK_EQUAL(std::string(reason.reason.c_str()), "enough");
  auto gone = errc::no_such_socket;
  CAF_CHECK(code_of(board.ask<void>(close_request{"c", id, 1000, ""})) == gone);
  CAF_CHECK(code_of(board.ask<void>(send_request{"", id, payload{"x"}}))
            == gone);
  socket_info unused;
  CAF_CHECK(code_of(board.ask(get_socket_request{id}, &unused)) == gone);
  CAF_CHECK(code_of(board.ask<void>(close_request{"c", id, 1005, ""}))
            == errc::invalid_argument);
}

CAF_TEST(every ending gives one connection event and one closed event) {
  fixture board;
  board.start();
  auto recorder = board.recorder();
  CAF_CHECK(!board.subscribe(source_kind::inbound_listener, "/*", recorder));
  CAF_CHECK(
      !board.subscribe(source_kind::on_inbound_connection, "/*", recorder));
  CAF_CHECK(!board.subscribe(source_kind::on_socket_closed, "/*", recorder));
  {
    client peer{board.port(), "/normal"};
    peer.stream.close(websocket::close_code::normal);
    CAF_CHECK(board.saw("-/normal NORMAL_CLOSURE clean"));
  }
  {
    client peer{board.port(), "/reset"};
    CAF_CHECK(board.saw("+/reset"));
    peer.reset();
    CAF_CHECK(board.saw("-/reset 1006"));
  }
  {
    client peer{board.port(), "/cut"};
    peer.stream.next_layer().close();
    CAF_CHECK(board.saw("-/cut 1006"));
  }
  {
    client peer{board.port(), "/violation"};
    // An unmasked frame.
    asio::write(peer.stream.next_layer(), asio::buffer("\x81\x01x", 3));
    CAF_CHECK_EQUAL(static_cast<int>(peer.end().code), 1002);
    CAF_CHECK(board.saw("-/violation PROTOCOL_ERROR"));
  }
  client last{board.port(), "/stop"};
  CAF_CHECK(board.saw("+/stop"));
  websocket::close_reason reason;
  std::thread reader{[&] {
    reason = last.end();
  }};
  board.stop();
  reader.join();
  CAF_CHECK_EQUAL(static_cast<int>(reason.code), 1001);
  CAF_CHECK(board.saw("-/stop ENDPOINT_GOING_DOWN clean"));
  for (auto path : {"/normal", "/reset", "/cut", "/violation", "/stop"})
    CAF_CHECK_EQUAL(board.times("+" + std::string{path}), 1u);
}

CAF_TEST(messages wait for the connection event answer) {
  fixture board;
  board.start();
  std::atomic<bool> open{false};
  auto gate =
      board.system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
        auto held = std::make_shared<std::vector<caf::response_promise>>();
        return {[self, held](const connection_event&) {
                  held->push_back(self->make_response_promise());
                  return held->back();
                },
                [held, &open](caf::ok_atom) {
                  open = true;
                  for (auto& promise : *held)
                    promise.deliver(caf::unit);
                  held->clear();
                }};
      });
  auto target =
      board.system.spawn([&](caf::event_based_actor*) -> caf::behavior {
        return {[&](const message_event& event) {
          board.note(std::string{event.content.view()}
                     + (open ? "" : " early"));
        }};
      });
  CAF_CHECK(!board.subscribe(source_kind::inbound_listener, "/*", target));
  CAF_CHECK(!board.subscribe(source_kind::on_inbound_connection, "/*", gate));
  client peer{board.port()};
  for (auto i = 0; i < 100; ++i)
    peer.send("m" + std::to_string(i));
  CAF_CHECK_EQUAL(board.only_id().size(), 36u);
  caf::anon_send(gate, caf::ok_atom::value);
  CAF_CHECK(board.saw("m99"));
  CAF_CHECK_EQUAL(board.times("m0"), 1u);
  CAF_CHECK_EQUAL(board.times("m0 early"), 0u);
  peer.stream.close(websocket::close_code::normal);
}

CAF_TEST(a connection event that fails closes with 1008) {
  fixture board;
  board.start();
  auto gate = board.system.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](const connection_event&) -> caf::result<void> {
      return make_custom_error("APP:NO", "not you");
    }};
  });
  auto recorder = board.recorder();
  CAF_CHECK(!board.subscribe(source_kind::inbound_listener, "/*", recorder));
  CAF_CHECK(!board.subscribe(source_kind::on_socket_closed, "/*", recorder));
  CAF_CHECK(!board.subscribe(source_kind::on_inbound_connection, "/*", gate));
  client peer{board.port(), "/p"};
  peer.send("never");
  auto reason = peer.end();
  CAF_CHECK_EQUAL(static_cast<int>(reason.code), 1008);
  CAF_CHECK_EQUAL(std::string(reason.reason.c_str()), "not you");
  CAF_CHECK(board.saw("-/p 1008 clean"));
  CAF_CHECK_EQUAL(board.times("never"), 0u);
}

CAF_TEST(a handler that dies closes the sockets that wait for it) {
  fixture board;
  board.start();
  auto target =
      board.system.spawn([&](caf::event_based_actor*) -> caf::behavior {
        return {[](const message_event&) {
          throw std::runtime_error{"oops"};
        }};
      });
  CAF_CHECK(!board.subscribe(source_kind::inbound_listener, "/*", target));
  client peer{board.port()};
  peer.send("x");
  CAF_CHECK_EQUAL(static_cast<int>(peer.end().code), 1011);
}

CAF_TEST(a group is a group of CAF as well) {
  fixture board;
  board.start();
  CAF_CHECK(!board.subscribe(source_kind::inbound_listener, "/*", board.echo(),
                             {"room"}));
  client peer{board.port()};
  CAF_CHECK_EQUAL(board.only_id().size(), 36u);
  auto group = board.board->group("c", "room");
  auto member =
      board.system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
        self->join(group);
        board.note("joined");
        return {[&board](const payload& content) {
          board.note(std::string{content.view()});
        }};
      });
  board.helpers.push_back(member);
  CAF_REQUIRE(board.saw("joined"));
  group->eq_impl(caf::message_id{}, nullptr, nullptr, payload{"to all"});
  CAF_CHECK_EQUAL(peer.receive(), "to all");
  CAF_CHECK(board.saw("to all"));
  peer.stream.close(websocket::close_code::normal);
}

CAF_TEST(lists come in pages and groups with their sizes) {
  fixture board;
  board.start();
  CAF_CHECK(!board.subscribe(source_kind::inbound_listener, "/*", board.echo(),
                             {"g"}));
  std::vector<std::unique_ptr<client>> peers;
  for (auto i = 0; i < 25; ++i)
    peers.push_back(std::make_unique<client>(board.port()));
  std::vector<std::string> ids;
  std::string outsider;
  list_sockets_request request;
  request.limit = 10;
  for (auto pages = 0; pages < 5; ++pages) {
    socket_list page;
    CAF_REQUIRE(!board.ask(request, &page));
    for (auto& info : page.sockets) {
      ids.emplace_back(info.attributes->socket_id());
      if (ids.size() == 2)
        outsider = info.attributes->remote_address();
    }
    request.after = page.next;
    if (page.next.empty())
      break;
  }
  CAF_CHECK_EQUAL(ids.size(), 25u);
  CAF_CHECK(std::is_sorted(ids.begin(), ids.end()));
  CAF_CHECK(!board.ask<void>(subscribe_groups_request{"", ids[0], {"h"}}));
  CAF_CHECK(!board.ask<void>(subscribe_groups_request{"", ids[0], {"h"}}));
  CAF_CHECK(!board.ask<void>(unsubscribe_groups_request{"", ids[1], {"g"}}));
  group_list groups;
  CAF_CHECK(!board.ask(list_groups_request{"c"}, &groups));
  CAF_REQUIRE_EQUAL(groups.groups.size(), 2u);
  CAF_CHECK_EQUAL(groups.groups[0].sockets, 24u);
  CAF_CHECK_EQUAL(groups.groups[1].sockets, 1u);
  config_list configs;
  CAF_CHECK(!board.ask(list_configs_request{}, &configs));
  CAF_REQUIRE_EQUAL(configs.configs.size(), 1u);
  CAF_CHECK_EQUAL(configs.configs[0].sockets, 25u);
  CAF_CHECK(configs.configs[0].listening);
  bulk_close_result closed;
  caf::error problem;
  std::thread closer{[&] {
    problem = board.ask(
        bulk_close_request{{"c", "", socket_type_filter::all, {"g"}}, 1000, ""},
        &closed);
  }};
  for (auto& peer : peers) {
    auto local = peer->stream.next_layer().local_endpoint();
    if (outsider.ends_with(":" + std::to_string(local.port())))
      continue;
    CAF_CHECK_EQUAL(static_cast<int>(peer->end().code), 1000);
  }
  closer.join();
  CAF_CHECK(!problem);
  CAF_CHECK_EQUAL(closed.closed, 24u);
}

CAF_TEST(every message survives a trip over the network) {
  running::config cfg;
  caf::actor_system system{cfg};
  broadcast_result result;
  result.matched = 7;
  result.failures.push_back({"id", socket_type::inbound, "/x?y",
                             "WEBSOCKET:CONNECTIVITY", "text",
                             make_error(errc::connectivity, "text")});
  handshake_fields handshake;
  handshake.socket_id = "id";
  handshake.headers = {{"host", "h"}};
  socket_attributes attributes{
      make_handshake(handshake),
      std::make_shared<const string_list>(string_list{"g"})};
  auto sent = caf::make_message(
      result, attributes, payload{std::string("\0x", 2), true},
      closed_event{attributes, {1001, "r", true}, {}});
  std::vector<char> buffer;
  caf::binary_serializer sink{system, buffer};
  CAF_REQUIRE(!sink(sent));
  caf::message received;
  caf::binary_deserializer source{system, buffer};
  CAF_REQUIRE(!source(received));
  CAF_REQUIRE_EQUAL(received.size(), 4u);
  auto& got = received.get_as<broadcast_result>(0);
  CAF_CHECK_EQUAL(got.matched, 7u);
  CAF_CHECK(code_of(got.failures.at(0).error) == errc::connectivity);
  auto& known = received.get_as<socket_attributes>(1);
  CAF_CHECK_EQUAL(known->socket_id(), "id");
  CAF_CHECK_EQUAL(known->header("host").value_or(""), "h");
  CAF_CHECK_EQUAL(received.get_as<payload>(2).view(),
                  std::string_view("\0x", 2));
  CAF_CHECK(received.get_as<payload>(2).binary());
  CAF_CHECK_EQUAL(received.get_as<closed_event>(3).outcome.code, 1001);
}
