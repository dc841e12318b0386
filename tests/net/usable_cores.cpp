#define CAF_SUITE usable_cores
#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <thread>

#include <sched.h>

#include "net/usable_cores.hpp"
#include "tests/net/tls_peer.hpp"

using namespace switchboard::net;
using tls_peer::scratch_folder;
namespace fs = std::filesystem;

namespace {

struct fixture {
  void quota(const std::string& path, const std::string& text) {
    fs::create_directories(root() + path);
    std::ofstream{root() + path + "/cpu.max"} << text;
  }

  unsigned cores(const std::string& path) {
    return quota_cores(root(), path);
  }

  // Without the slash at its end.
  std::string root() const {
    return fs::path{folder.path("x")}.parent_path();
  }

  scratch_folder folder;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(usable_cores_tests, fixture)

CAF_TEST(a quota is rounded up to whole cores) {
  const struct {
    const char* text;
    unsigned cores;
  } rows[] = {
      {"max 100000\n", 0},    {"100000 100000\n", 1},
      {"50000 100000\n", 1},  {"150000 100000\n", 2},
      {"400000 100000\n", 4}, {"0 100000\n", 0},
      {"100000 0\n", 0},      {"", 0},
      {"nonsense", 0},
  };
  for (const auto& [text, expected] : rows) {
    quota("/unit", text);
    CAF_CHECK_EQUAL(cores("/unit"), expected);
  }
}

CAF_TEST(the smallest quota on the way up counts) {
  quota("/outer/middle/inner", "800000 100000\n");
  quota("/outer", "200000 100000\n");
  CAF_CHECK_EQUAL(cores("/outer/middle/inner"), 2u);
  CAF_CHECK_EQUAL(cores("/outer/middle/inner/"), 2u);
  CAF_CHECK_EQUAL(cores("/elsewhere"), 0u);
  // A container sees its own as the root.
  quota("", "100000 100000\n");
  CAF_CHECK_EQUAL(cores("/outer/middle/inner"), 1u);
  CAF_CHECK_EQUAL(cores("/"), 1u);
  CAF_CHECK_EQUAL(cores(""), 1u);
}

CAF_TEST(a thread that is kept on one core has one) {
  CAF_CHECK_GREATER_OR_EQUAL(usable_cores(), 1u);
  std::thread{[] {
    cpu_set_t all;
    CPU_ZERO(&all);
    CAF_REQUIRE_EQUAL(::sched_getaffinity(0, sizeof all, &all), 0);
    auto first = 0;
    while (!CPU_ISSET(first, &all))
      ++first;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    CAF_REQUIRE_EQUAL(::sched_setaffinity(0, sizeof one, &one), 0);
    CAF_CHECK_EQUAL(usable_cores(), 1u);
  }}.join();
}

CAF_TEST_FIXTURE_SCOPE_END()
