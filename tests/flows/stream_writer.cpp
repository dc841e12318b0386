#define CAF_SUITE flows.stream_writer

#include "flows/stream_writer.hpp"

#include <filesystem>
#include <future>
#include <string>

#include <caf/test/unit_test.hpp>

using namespace switchboard;
using namespace switchboard::flows;

namespace {

using kind = streaming_options::kind;

struct fixture {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  stream_place place{std::make_shared<net::file_worker>(),
                     std::filesystem::temp_directory_path().string()};
  streaming_options how;
  std::shared_ptr<stream_writer> aut;

  void open(bool binary = true) {
    aut = std::make_shared<stream_writer>(how, place, binary,
                                          caf::actor_cast<caf::actor>(self));
  }

  /// Hands the writer everything that its worker has told.
  void settle() {
    aut->complete();
    while (!aut->is_settled())
      self->receive([&](const stream_written& what) {
        CAF_CHECK(what.writer == aut);
        aut->take(what);
      });
  }

  std::string problem() {
    return aut->problem() ? aut->problem()->type + "|" + aut->problem()->message
                          : "";
  }
};

std::string all_of(const large_content& what) {
  std::promise<std::string> result;
  what.read(0, static_cast<std::size_t>(what.size()),
            [&](std::string&& bytes, std::error_code problem) {
              result.set_value(problem ? problem.message() : std::move(bytes));
            });
  return result.get_future().get();
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(stream_writer_tests, fixture)

CAF_TEST(memory has the limit that the flow gives it) {
  how.initial_buffer_size = 4;
  how.buffer_size_increment = 4;
  how.max_buffer_size = 10;
  CAF_CHECK_EQUAL(memory_limit(how), 10u);
  how.buffer_size_increment = 0;
  CAF_CHECK_EQUAL(memory_limit(how), 4u);
  how.buffer_size_increment = 1;
  how.max_buffer_size = 0;
  CAF_CHECK(memory_limit(how) > 1ull << 60);
  how.type = kind::file_store;
  how.in_memory_size = 7;
  CAF_CHECK_EQUAL(memory_limit(how), 7u);
}

CAF_TEST(an in - memory stream takes what fits) {
  how.initial_buffer_size = 4;
  how.buffer_size_increment = 2;
  how.max_buffer_size = 10;
  open();
  for (auto part : {"abc", "def", "ghij"})
    CAF_CHECK(aut->add(part));
  CAF_CHECK(aut->is_settled());
  auto content = aut->finish();
  CAF_CHECK_EQUAL(content.view(), "abcdefghij");
  CAF_CHECK(content.binary());
  CAF_CHECK(!content.large());
}

CAF_TEST(an in - memory stream that is too large keeps nothing) {
  how.max_buffer_size = 10;
  open(false);
  CAF_CHECK(aut->add("0123456789"));
  CAF_CHECK(aut->add("x"));
  CAF_CHECK_EQUAL(problem(), "STREAM_MAXIMUM_SIZE_EXCEEDED|the message is "
                             "larger than the 10 bytes that its flow keeps in "
                             "memory");
  // The rest is taken and dropped.
  CAF_CHECK(aut->add(std::string(1'000'000, 'x')));
  auto content = aut->finish();
  CAF_CHECK_EQUAL(content.size(), 0u);
  CAF_CHECK(!content.binary());
}

CAF_TEST(a file store that fits stays in memory) {
  how.type = kind::file_store;
  how.in_memory_size = 6;
  open();
  aut->add("abc");
  aut->add("def");
  CAF_CHECK(aut->is_settled());
  auto content = aut->finish();
  CAF_CHECK_EQUAL(content.view(), "abcdef");
}

CAF_TEST(a file store that does not fit goes into a file) {
  how.type = kind::file_store;
  how.in_memory_size = 6;
  open(false);
  for (auto part : {"abc", "def", "g", "hijklm"})
    aut->add(part);
  CAF_CHECK(!aut->is_settled());
  settle();
  CAF_CHECK_EQUAL(problem(), "");
  auto content = aut->finish();
  CAF_REQUIRE(content.large());
  CAF_CHECK_EQUAL(content.size(), 13u);
  CAF_CHECK(!content.binary());
  CAF_CHECK(content.large()->is_text());
  CAF_CHECK_EQUAL(content.view(), "");
  CAF_CHECK_EQUAL(all_of(*content.large()), "abcdefghijklm");
  // Again, from its start.
  CAF_CHECK_EQUAL(all_of(*content.large()), "abcdefghijklm");
}

CAF_TEST(who writes faster than the disk is told to stop) {
  how.type = kind::non_repeatable;
  how.in_memory_size = 1'000;
  std::promise<void> go_on;
  place.files->post([wait = go_on.get_future().share()] { wait.wait(); });
  open();
  const std::string part(64 * 1024, 'x');
  auto taken = 1;
  while (taken < 100 && aut->add(part))
    ++taken;
  CAF_CHECK_EQUAL(taken, 9);
  CAF_CHECK(!aut->has_room());
  go_on.set_value();
  settle();
  CAF_CHECK(aut->has_room());
  CAF_CHECK_EQUAL(aut->finish().size(), 9u * 64 * 1024);
}

CAF_TEST(a place that cannot be written to is a problem of the message) {
  how.type = kind::file_store;
  how.in_memory_size = 1;
  place.directory = "/no/such/directory";
  open();
  aut->add("abc");
  aut->add("def");
  settle();
  CAF_CHECK_EQUAL(problem(), "STREAM_NOT_STORED|the message cannot be kept in "
                             "/no/such/directory: No such file or directory");
  CAF_CHECK(aut->add("ghi"));
  CAF_CHECK(aut->is_settled());
  CAF_CHECK_EQUAL(aut->finish().size(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
