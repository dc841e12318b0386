#define CAF_SUITE config.streaming

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;

namespace {

using kind = streaming_options::kind;

std::string with(std::string_view text) {
  return std::string{small_file} + std::string{text};
}

streaming_options read(std::string_view table) {
  auto flows = good(with("[[flow]]\nname = \"f\"\nsource = "
                         "\"inbound-listener\"\nstreaming = "
                         + std::string{table} + "\n"))
                   .flows;
  CAF_REQUIRE(flows[0].streaming.has_value());
  return *flows[0].streaming;
}

} // namespace

CAF_TEST(streams of each type are read) {
  auto memory = read(R"({ type = "in-memory" })");
  CAF_CHECK(memory.type == kind::in_memory);
  CAF_CHECK_EQUAL(memory.initial_buffer_size, 512u * 1024);
  CAF_CHECK_EQUAL(memory.buffer_size_increment, 512u * 1024);
  CAF_CHECK_EQUAL(memory.max_buffer_size, 1024u * 1024);
  auto own =
      read(R"({ type = "in-memory", initial_buffer_size = "1KiB", )"
           R"(buffer_size_increment = "0B", max_buffer_size = "3KiB" })");
  CAF_CHECK_EQUAL(own.initial_buffer_size, 1024u);
  CAF_CHECK_EQUAL(own.buffer_size_increment, 0u);
  CAF_CHECK_EQUAL(own.max_buffer_size, 3072u);
  // The default of one bends to the other.
  CAF_CHECK_EQUAL(read(R"({ type = "in-memory", max_buffer_size = "4KiB" })")
                      .initial_buffer_size,
                  4096u);
  CAF_CHECK_EQUAL(
      read(R"({ type = "in-memory", max_buffer_size = "0B" })").max_buffer_size,
      0u);
  auto store = read(R"({ type = "file-store" })");
  CAF_CHECK(store.type == kind::file_store);
  CAF_CHECK_EQUAL(store.in_memory_size, 512u * 1024);
  CAF_CHECK_EQUAL(read(R"({ type = "file-store", in_memory_size = "2GiB" })")
                      .in_memory_size,
                  2ull << 30);
  CAF_CHECK(read(R"({ type = "non-repeatable" })").type
            == kind::non_repeatable);
}

CAF_TEST(what is read once cannot be tried again) {
  const char* const keys[] = {"redelivery = {}", "retry = {}",
                              "dead_letter = { group = \"lost\" }"};
  for (auto key : keys) {
    auto file = with(R"([[flow]]
name = "f"
source = "inbound-listener"
streaming = { type = "non-repeatable" }
)");
    CAF_CHECK_EQUAL(problems_of(file + key + '\n'),
                    "9:1: flow[0].streaming: is read once, expected another "
                    "type beside redelivery, retry or dead_letter\n");
  }
}

CAF_TEST(a flow without streaming has none) {
  auto flows =
      good(with("[[flow]]\nname = \"f\"\nsource = \"inbound-listener\"\n"))
          .flows;
  CAF_CHECK(!flows[0].streaming);
}

CAF_TEST(the keys of streaming are checked) {
  check_rows(
      with("[[flow]]\nname = \"f\"\nsource = \"inbound-listener\"\n"),
      {{"streaming = 1", "13: flow[0].streaming: is an integer, expected a "
                         "table with a type"},
       {"streaming = {}",
        "13: flow[0].streaming.type: is missing, expected \"in-memory\", "
        "\"file-store\" or \"non-repeatable\""},
       {R"(streaming = { type = "file" })",
        "22: flow[0].streaming.type: \"file\" is unknown, expected "
        "\"in-memory\", \"file-store\" or \"non-repeatable\""},
       {R"(streaming = { type = "file-store", max_buffer_size = "1MiB" })",
        "36: flow[0].streaming.max_buffer_size: has no effect here, expected "
        "it only with type in-memory"},
       {R"(streaming = { type = "in-memory", in_memory_size = "1MiB" })",
        "35: flow[0].streaming.in_memory_size: has no effect here, expected it "
        "only with type file-store"},
       {R"(streaming = { type = "non-repeatable", in_memory_size = "1MiB" })",
        "40: flow[0].streaming.in_memory_size: has no effect here, expected it "
        "only with type file-store"},
       {R"(streaming = { type = "in-memory", initial_buffer_size = "2MiB" })",
        "57: flow[0].streaming.initial_buffer_size: is larger than "
        "max_buffer_size, expected at most as much"},
       {R"(streaming = { type = "in-memory", max_bufer_size = "2MiB" })",
        "35: flow[0].streaming.max_bufer_size: is an unknown key, the nearest "
        "known key is max_buffer_size"}});
  check_rows(with("[[flow]]\nname = \"f\"\nsource = \"on-socket-closed\"\n"),
             {{R"(streaming = { type = "in-memory" })",
               "1: flow[0].streaming: has no effect here, expected it only "
               "with source inbound-listener or outbound-listener"}});
}

CAF_TEST(the temporary directory is relative to the file) {
  auto read = good(with("[runtime]\ntemporary_directory = \"spool\"\n"));
  CAF_CHECK(read.switchboard.runtime.temporary_directory.ends_with("/spool"));
  auto absolute = good(with("[runtime]\ntemporary_directory = \"/var/tmp\"\n"));
  CAF_CHECK_EQUAL(absolute.switchboard.runtime.temporary_directory, "/var/tmp");
  check_rows(with("[runtime]\n"),
             {{R"(temporary_directory = "")",
               "23: runtime.temporary_directory: \"\" is no directory, "
               "expected a path"}});
}

CAF_TEST(messages may be as large as streams can be) {
  auto read = good(with("[websocket.big.server]\nlistener = \"main\"\n"
                        "listener_base_path = \"/big\"\n"
                        "max_message_size = \"2GiB\"\n"));
  CAF_CHECK_EQUAL(read.switchboard.websockets.back().server->max_message_size,
                  2ull << 30);
}
