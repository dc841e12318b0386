#define CAF_SUITE file_content

#include "net/file_content.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>

#include <caf/test/unit_test.hpp>
#include <sys/resource.h>

using namespace switchboard;
using namespace switchboard::net;

namespace {

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span{text});
}

/// A folder of its own, gone with it.
struct folder {
  folder() {
    auto text = (std::filesystem::temp_directory_path() / "sb-XXXXXX").string();
    path = ::mkdtemp(text.data());
  }

  ~folder() {
    std::filesystem::remove_all(path);
  }

  std::string path;
};

struct piece {
  std::string bytes;
  std::error_code problem;
};

piece read(const large_content& from, std::uint64_t offset, std::size_t size) {
  std::promise<piece> result;
  from.read(offset, size, [&](std::string&& bytes, std::error_code problem) {
    result.set_value({std::move(bytes), problem});
  });
  return result.get_future().get();
}

} // namespace

CAF_TEST(a temporary file has no name) {
  folder home;
  temporary_file aut;
  CAF_CHECK(!aut.open(home.path));
  CAF_CHECK(!aut.write(3, as_bytes("def")));
  CAF_CHECK(!aut.write(0, as_bytes("abc")));
  std::string back(5, ' ');
  CAF_CHECK(!aut.read(1, std::as_writable_bytes(std::span{back})));
  CAF_CHECK_EQUAL(back, "bcdef");
  CAF_CHECK(std::filesystem::is_empty(home.path));
}

CAF_TEST(an end that comes too early is an error) {
  folder home;
  temporary_file aut;
  CAF_REQUIRE(!aut.open(home.path));
  CAF_REQUIRE(!aut.write(0, as_bytes("abc")));
  std::string back(4, ' ');
  CAF_CHECK(aut.read(0, std::as_writable_bytes(std::span{back}))
            == std::errc::io_error);
}

CAF_TEST(a directory that is not there is an error) {
  temporary_file aut;
  CAF_CHECK(aut.open("/no/such/directory")
            == std::errc::no_such_file_or_directory);
  CAF_CHECK(!aut.is_open());
}

CAF_TEST(a full disk is an error) {
  temporary_file aut;
  // A tmpfs cannot be had without rights, but a device that is full can.
  CAF_REQUIRE(!aut.open(std::filesystem::temp_directory_path().string()));
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small{4096, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  auto problem = aut.write(0, as_bytes(std::string(10'000, 'x')));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CAF_CHECK(problem == std::errc::file_too_large);
}

CAF_TEST(a content is read by anybody in any order) {
  folder home;
  auto worker = std::make_shared<file_worker>();
  auto file = std::make_shared<temporary_file>();
  CAF_REQUIRE(!file->open(home.path));
  CAF_REQUIRE(!file->write(0, as_bytes("0123456789")));
  auto aut =
      std::make_shared<const file_content>(worker, std::move(file), 10, false);
  CAF_CHECK_EQUAL(aut->size(), 10u);
  CAF_CHECK(!aut->is_text());
  CAF_CHECK_EQUAL(read(*aut, 7, 3).bytes, "789");
  CAF_CHECK_EQUAL(read(*aut, 0, 4).bytes, "0123");
  auto beyond = read(*aut, 8, 4);
  CAF_CHECK(beyond.problem == std::errc::io_error);
  CAF_CHECK_EQUAL(beyond.bytes, "");
}

CAF_TEST(a worker does everything before it ends) {
  auto done = 0;
  {
    file_worker aut;
    for (auto i = 0; i < 100; ++i)
      aut.post([&] { ++done; });
  }
  CAF_CHECK_EQUAL(done, 100);
}

CAF_TEST(a worker may be let go by its own last job) {
  std::promise<void> ended;
  auto aut = std::make_shared<file_worker>();
  auto& worker = *aut;
  worker.post([aut = std::move(aut), &ended]() mutable {
    aut.reset();
    ended.set_value();
  });
  ended.get_future().get();
}
