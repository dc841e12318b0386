#define CAF_SUITE flows.runner_streams

#include "tests/flows/called_runner_rig.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

struct fixture : called_runner_rig {
  flow_options in_memory(std::size_t most) {
    auto result = make_flow("f", {send("got #[payload]")},
                            {send("#[error.type] #[#payload]")});
    result.streaming.emplace();
    result.streaming->max_buffer_size = most;
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(runner_streams_tests, fixture)

CAF_TEST(a flow without streaming wants no parts) {
  auto& aut = spawn(make_flow("f", {send("#[payload]")}));
  CAF_CHECK_EQUAL(aut.part_size(), 0u);
}

CAF_TEST(parts become one message) {
  auto& aut = spawn(in_memory(100));
  CAF_CHECK_EQUAL(aut.part_size(), 64u * 1024);
  auto parts = aut.on_parts(local, false);
  CAF_CHECK(parts->add("ab"));
  CAF_CHECK(parts->add("cd"));
  CAF_CHECK(local.sent.empty());
  // Until its answer is written.
  CAF_CHECK(!parts->finish());
  CAF_CHECK((local.sent == std::vector<std::string>{"got abcd"}));
}

CAF_TEST(a message that outgrows its stream runs on_error) {
  auto& aut = spawn(in_memory(3));
  auto parts = aut.on_parts(local, false);
  CAF_CHECK(parts->add("abcd"));
  CAF_CHECK(parts->add("e"));
  parts->finish();
  CAF_CHECK((local.sent
             == std::vector<std::string>{"STREAM_MAXIMUM_SIZE_EXCEEDED 0"}));
  CAF_CHECK_EQUAL(counters->events.load(), 1u);
  CAF_CHECK_EQUAL(counters->failures.load(), 0u);
}

CAF_TEST(without an on_error the flow has failed and the socket goes on) {
  auto flow = in_memory(3);
  flow.on_error.clear();
  auto& aut = spawn(std::move(flow));
  auto parts = aut.on_parts(local, true);
  parts->add("abcd");
  CAF_CHECK(parts->finish());
  CAF_CHECK_EQUAL(counters->failures.load(), 1u);
  CAF_CHECK(local.sent.empty());
}

CAF_TEST(a message that came whole obeys the size as well) {
  auto& aut = spawn(in_memory(3));
  aut.on_message(local, {"abcd", false});
  aut.on_message(local, {"abc", false});
  CAF_CHECK((local.sent
             == std::vector<std::string>{"STREAM_MAXIMUM_SIZE_EXCEEDED 0",
                                         "got abc"}));
}

CAF_TEST(what is never complete runs nothing) {
  auto& aut = spawn(in_memory(100));
  {
    auto parts = aut.on_parts(local, true);
    parts->add("ab");
  }
  run();
  CAF_CHECK(local.sent.empty());
  CAF_CHECK_EQUAL(counters->events.load(), 0u);
}

CAF_TEST(what is not repeatable is read once) {
  auto flow = make_flow(
      "f",
      {set("kept", "#[payload]"), send("#[payload]"), send("#[vars.kept]")},
      {send("#[error.message]")});
  flow.streaming.emplace();
  flow.streaming->type = streaming_options::kind::non_repeatable;
  auto& aut = spawn(std::move(flow));
  aut.on_message(local, {"abc", false});
  CAF_REQUIRE_EQUAL(local.sent.size(), 1u);
  CAF_CHECK_EQUAL(local.sent[0], "abc");
  // The first is written: the run goes on.
  aut.on_sent(std::uint64_t{1} << 32, {});
  CAF_REQUIRE_EQUAL(local.sent.size(), 2u);
  CAF_CHECK(contains(local.sent[1], "the payload was read before"));
}

CAF_TEST_FIXTURE_SCOPE_END()
