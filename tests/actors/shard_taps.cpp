#define CAF_SUITE shard_taps
#include <caf/test/unit_test.hpp>

#include <optional>
#include <string>

#include "actors/shard_taps.hpp"
#include "books.hpp"

using namespace switchboard;
using namespace switchboard::actors;

namespace {

struct fixture : books {
  fixture() {
    one = make_socket("c", "/one");
    two = make_socket("d", "/two");
    dir.add(one);
    dir.add(two);
    sender = make_socket();
    taps = std::make_unique<shard_taps>(*home, as_socket(sender));
  }

  ~fixture() override {
    taps.reset();
    for (auto& who : {one, two}) {
      dir.remove(as_socket(who));
      end(who);
    }
    end(sender);
    // What targets have answered lies there and holds the sender.
    home->start();
    home->join();
  }

  std::shared_ptr<tap_order> add(std::string socket_id = {},
                                 const socket_filter& which = {}) {
    auto order = std::make_shared<tap_order>();
    order->id = ++orders;
    order->target = caf::actor_cast<caf::strong_actor_ptr>(self);
    order->registry = caf::actor_cast<caf::strong_actor_ptr>(registry);
    order->socket_id = std::move(socket_id);
    order->filter = *compile(which);
    order->rate = {max_tap_rate};
    order->payload_limit = limit;
    order->sample = sample;
    taps->add(order);
    return order;
  }

  void message(const caf::strong_actor_ptr& who, std::string_view text,
               tap_event_kind kind = tap_event_kind::message) {
    taps->tell(as_socket(who), kind, {text, text.size(), false});
  }

  /// The next batch; `nullopt` where none was sent.
  std::optional<tap_events> batch() {
    std::optional<tap_events> result;
    if (self->has_next_message())
      self->receive([&](tap_events& what) { result = std::move(what); });
    return result;
  }

  /// What the target was told, a letter an event with its payload.
  std::string told() {
    taps->flush();
    auto got = batch();
    if (!got)
      return "-";
    std::string result;
    for (auto& event : got->events)
      result += std::string{name_of(event.kind)} + ":"
                + std::string{event.attributes->socket_id()} + ":"
                + event.payload + " ";
    return result;
  }

  void answer(caf::message content = caf::make_message(caf::unit)) {
    auto what = caf::make_mailbox_element(
        nullptr, caf::make_message_id(++answers).response_id(), {},
        std::move(content));
    taps->answered(*what);
  }

  /// The taps that the registry was told to be over.
  std::string over() {
    std::string result;
    while (registry->has_next_message())
      registry->receive([&](const tap_over& what) {
        result += std::to_string(what.id) + " ";
      });
    return result;
  }

  caf::scoped_actor self{system};
  caf::scoped_actor registry{system};
  caf::strong_actor_ptr one;
  caf::strong_actor_ptr two;
  std::uint64_t orders = 0;
  std::uint64_t answers = 0;
  std::uint32_t limit = 1024;
  double sample = 1;
  /// In whose name the target is told.
  caf::strong_actor_ptr sender;
  std::unique_ptr<shard_taps> taps;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(shard_taps_tests, fixture)

CAF_TEST(a shard knows of taps only while there are any) {
  CAF_CHECK(home->taps() == nullptr);
  auto first = add();
  auto second = add();
  CAF_CHECK(home->taps() == taps.get());
  taps->remove(first->id);
  CAF_CHECK(home->taps() == taps.get());
  taps->remove(second->id);
  CAF_CHECK(home->taps() == nullptr);
}

CAF_TEST(only the sockets that are asked for are told of) {
  auto check = [&](std::string id, socket_filter which, std::string expected) {
    auto order = add(std::move(id), which);
    message(one, "a");
    message(two, "b");
    CAF_CHECK_EQUAL(told(), expected);
    if (expected != "-")
      ++answers;
    taps->remove(order->id);
  };
  auto all = socket_type_filter::all;
  std::string both = "message:socket-1:a message:socket-2:b ";
  std::string first = "message:socket-1:a ";
  check({}, {}, both);
  check("socket-1", {}, first);
  check("socket-9", {}, "-");
  check({}, {"c", {}, all, {}}, first);
  check({}, {"d", {}, all, {}}, "message:socket-2:b ");
  check({}, {{}, "/one", all, {}}, first);
  check({}, {{}, "/*", all, {}}, both);
  check({}, {{}, {}, socket_type_filter::outbound, {}}, "-");
  check({}, {{}, {}, all, {"g"}}, "-");
  dir.join(as_socket(one), "g");
  check({}, {{}, {}, all, {"f", "g"}}, first);
  check("socket-2", {{}, {}, all, {"g"}}, "-");
}

CAF_TEST(a payload is as long as was asked for) {
  limit = 3;
  auto order = add();
  message(one, "hello");
  CAF_CHECK_EQUAL(told(), "message:socket-1:hel ");
  taps->remove(order->id);
  limit = 0;
  ++answers;
  add();
  taps->tell(as_socket(one), tap_event_kind::sent, {"hello", 5, true});
  taps->flush();
  auto got = batch();
  CAF_REQUIRE(got);
  CAF_REQUIRE_EQUAL(got->events.size(), 1u);
  CAF_CHECK(got->events[0].payload.empty());
  CAF_CHECK_EQUAL(got->events[0].size, 5u);
  CAF_CHECK(got->events[0].binary);
}

CAF_TEST(the next batch waits for the answer to the last) {
  add();
  message(one, "a");
  CAF_CHECK_EQUAL(told(), "message:socket-1:a ");
  message(one, "b");
  message(one, "c", tap_event_kind::sent);
  CAF_CHECK_EQUAL(told(), "-");
  answer();
  auto got = batch();
  CAF_REQUIRE(got);
  CAF_CHECK_EQUAL(got->events.size(), 2u);
  CAF_CHECK(!got->left_out.any());
}

CAF_TEST(a slow target is not waited for and learns what it has missed) {
  add();
  message(one, "a");
  CAF_CHECK_EQUAL(told(), "message:socket-1:a ");
  for (std::size_t i = 0; i < max_tap_backlog + 10; ++i)
    message(one, "b");
  answer();
  auto got = batch();
  CAF_REQUIRE(got);
  CAF_CHECK_EQUAL(got->events.size(), max_tap_backlog);
  CAF_CHECK_EQUAL(got->left_out.overflowed, 10u);
  CAF_CHECK_EQUAL(got->left_out.over_rate, 0u);
}

CAF_TEST(payloads that wait have a bound of their own) {
  limit = max_tap_payload;
  add();
  message(one, "a");
  CAF_CHECK_EQUAL(told(), "message:socket-1:a ");
  std::string large(max_tap_payload, 'x');
  for (auto i = 0; i < 10; ++i)
    message(one, large);
  // Without content there is room.
  taps->tell(as_socket(one), tap_event_kind::opened);
  answer();
  auto got = batch();
  CAF_REQUIRE(got);
  auto most = max_tap_backlog_bytes / max_tap_payload;
  CAF_CHECK_EQUAL(got->events.size(), most + 1);
  CAF_CHECK_EQUAL(got->left_out.overflowed, 10 - most);
  // And there is again.
  message(one, large);
  answer();
  got = batch();
  CAF_REQUIRE(got);
  CAF_CHECK_EQUAL(got->events.size(), 1u);
}

CAF_TEST(beyond the rate events are counted) {
  auto order = std::make_shared<tap_order>();
  order->id = 1;
  order->target = caf::actor_cast<caf::strong_actor_ptr>(self);
  order->rate = {5};
  taps->add(order);
  // The shard's clock stands still.
  for (auto i = 0; i < 8; ++i)
    message(one, "a");
  taps->flush();
  auto got = batch();
  CAF_REQUIRE(got);
  CAF_CHECK_EQUAL(got->events.size(), 5u);
  CAF_CHECK_EQUAL(got->left_out.over_rate, 3u);
}

CAF_TEST(messages are sampled and other events are not ) {
  sample = 0.01;
  add();
  for (auto i = 0; i < 500; ++i)
    message(one, "a", i % 2 ? tap_event_kind::message : tap_event_kind::sent);
  for (auto i = 0; i < 7; ++i)
    taps->tell(as_socket(one), tap_event_kind::opened);
  taps->flush();
  auto got = batch();
  CAF_REQUIRE(got);
  CAF_CHECK_EQUAL(got->events.size(), 12u);
  CAF_CHECK_EQUAL(got->left_out.not_sampled, 495u);
}

CAF_TEST(a tap of one socket ends with it) {
  add("socket-1");
  taps->tell(as_socket(two), tap_event_kind::closed);
  CAF_CHECK_EQUAL(told(), "-");
  taps->tell(as_socket(one), tap_event_kind::closed,
             {close_codes::endpoint_going_down, "bye", true, closed_by::peer});
  // Whatever comes after it is of another.
  message(one, "late");
  taps->flush();
  auto got = batch();
  CAF_REQUIRE(got);
  CAF_REQUIRE_EQUAL(got->events.size(), 1u);
  CAF_CHECK_EQUAL(got->events[0].outcome.reason, "bye");
  auto ended = false;
  self->receive([&](const tap_end&) { ended = true; });
  CAF_CHECK(ended);
  CAF_CHECK_EQUAL(over(), "1 ");
  CAF_CHECK(home->taps() == nullptr);
}

CAF_TEST(a target that fails is told nothing more) {
  add();
  message(one, "a");
  CAF_CHECK_EQUAL(told(), "message:socket-1:a ");
  CAF_CHECK_EQUAL(over(), "");
  answer(caf::make_message(make_error(caf::sec::request_receiver_down)));
  CAF_CHECK(home->taps() == nullptr);
  CAF_CHECK_EQUAL(over(), "1 ");
}

CAF_TEST(the end tells what waits though nothing was answered) {
  add();
  message(one, "a");
  CAF_CHECK_EQUAL(told(), "message:socket-1:a ");
  message(one, "b");
  taps->end_all();
  auto got = batch();
  CAF_REQUIRE(got);
  CAF_CHECK_EQUAL(got->events.size(), 1u);
  CAF_CHECK(home->taps() == nullptr);
}

CAF_TEST(a message in parts is told of once with its size and beginning) {
  limit = 4;
  add();
  auto& who = as_socket(one);
  taps->part(who, true, false, {"abc", 3, true});
  taps->part(who, false, false, {"defg", 4, true});
  CAF_CHECK_EQUAL(told(), "-");
  taps->part(who, false, true, {"h", 1, true});
  taps->flush();
  auto got = batch();
  CAF_REQUIRE(got);
  CAF_REQUIRE_EQUAL(got->events.size(), 1u);
  CAF_CHECK_EQUAL(got->events[0].size, 8u);
  CAF_CHECK_EQUAL(got->events[0].payload, "abcd");
  answer();
  // What was begun before the tap, or was dropped, is counted.
  taps->part(who, false, true, {"end", 3, true});
  taps->part(who, true, false, {"abc", 3, true});
  taps->drop_part(who);
  taps->part(who, false, true, {"end", 3, true});
  message(one, "next");
  taps->flush();
  got = batch();
  CAF_REQUIRE(got);
  CAF_CHECK_EQUAL(got->events.size(), 1u);
  CAF_CHECK_EQUAL(got->left_out.overflowed, 2u);
}

CAF_TEST_FIXTURE_SCOPE_END()
