#define CAF_SUITE flows.sqlite_store

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <caf/test/unit_test.hpp>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flows/store/object_stores.hpp"
#include "flows/store/sqlite_store.hpp"
#include "tests/flows/store_calls.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

struct fixture {
  fixture() {
    std::string pattern =
        std::filesystem::temp_directory_path() / "switchboard-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
      CAF_FAIL("no folder for files");
    folder = pattern;
    options.name = "s";
    options.type = object_store_type::sqlite;
    options.path = folder / "counts.db";
    options.entry_ttl = std::chrono::seconds{10};
    options.max_entries = 100;
  }

  ~fixture() {
    store.reset();
    std::filesystem::remove_all(folder);
  }

  /// Opens it anew.
  void open() {
    store.reset();
    std::string problem;
    store = sqlite_store::open(options, problem,
                               [clock = clock] { return clock->load(); });
    if (!store)
      CAF_FAIL(problem);
  }

  std::string refusal() {
    std::string problem;
    CAF_CHECK(sqlite_store::open(options, problem) == nullptr);
    return problem;
  }

  bool contains_path(const std::string& text) const {
    return text.find(options.path) != std::string::npos;
  }

  /// Another program at the same file.
  struct intruder {
    explicit intruder(const std::string& path) {
      if (sqlite3_open(path.c_str(), &file) != SQLITE_OK)
        CAF_FAIL("no database");
    }

    ~intruder() {
      sqlite3_close(file);
    }

    void run(const char* sql) {
      if (sqlite3_exec(file, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        CAF_FAIL(sqlite3_errmsg(file));
    }

    sqlite3* file = nullptr;
  };

  std::filesystem::path folder;
  object_store_options options;
  /// A store that ends within its own answer looks at it once more.
  std::shared_ptr<std::atomic<std::int64_t>> clock =
      std::make_shared<std::atomic<std::int64_t>>(1'000'000);
  std::atomic<std::int64_t>& now = *clock;
  std::shared_ptr<object_store> store;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sqlite_store_tests, fixture)

CAF_TEST(an entry is kept and changed and dropped) {
  open();
  CAF_CHECK_EQUAL(load(*store, "a"), "-");
  CAF_CHECK_EQUAL(append(*store, "a", "1"), "1");
  CAF_CHECK_EQUAL(append(*store, "a", "2"), "12");
  CAF_CHECK_EQUAL(load(*store, "a"), "12");
  CAF_CHECK_EQUAL(store->statistics().entries, 1u);
  CAF_CHECK_EQUAL(remove(*store, "a"), "-");
  CAF_CHECK_EQUAL(load(*store, "a"), "-");
  CAF_CHECK_EQUAL(remove(*store, "a"), "-");
  CAF_CHECK_EQUAL(store->statistics().entries, 0u);
}

CAF_TEST(bytes of any kind are keys and values) {
  open();
  std::string key{"a\0b\xFF", 4};
  std::string value{"\0\xFE", 2};
  append(*store, key, value);
  CAF_CHECK_EQUAL(load(*store, key), value);
  CAF_CHECK_EQUAL(load(*store, "a"), "-");
  CAF_CHECK_EQUAL(append(*store, "", ""), "");
  CAF_CHECK_EQUAL(load(*store, ""), "");
}

CAF_TEST(entries outlive the store) {
  open();
  for (auto i = 0; i < 50; ++i)
    append(*store, std::to_string(i), "x");
  open();
  CAF_CHECK_EQUAL(store->statistics().entries, 50u);
  CAF_CHECK_EQUAL(append(*store, "7", "y"), "xy");
  // By the clock on the wall.
  now += 10'000;
  open();
  CAF_CHECK_EQUAL(load(*store, "7"), "-");
}

CAF_TEST(what was asked is done before the store is gone) {
  open();
  std::vector<pending_answer> answers(1000);
  for (auto& one : answers)
    store->update("a", appending("x"), one.taker());
  store.reset();
  CAF_CHECK_EQUAL(answers.back().text(), std::string(1000, 'x'));
}

CAF_TEST(an answer may drop the store itself) {
  open();
  auto done = std::make_shared<std::promise<void>>();
  auto kept = std::make_shared<std::shared_ptr<object_store>>(store);
  auto& asked = *store;
  store.reset();
  asked.load("a", [kept, done](store_answer&&) mutable {
    kept->reset();
    done->set_value();
  });
  kept.reset();
  done->get_future().get();
}

CAF_TEST(an entry outlives its last change by the time to live) {
  open();
  append(*store, "a", "1");
  now += 9'000;
  append(*store, "a", "2");
  append(*store, "b", "1");
  now += 9'999;
  CAF_CHECK_EQUAL(load(*store, "a"), "12");
  now += 1;
  CAF_CHECK_EQUAL(load(*store, "a"), "-");
  CAF_CHECK_EQUAL(append(*store, "b", "2"), "2");
  CAF_CHECK_EQUAL(store->statistics().expired, 1u);
  CAF_CHECK_EQUAL(store->statistics().entries, 1u);
}

CAF_TEST(what was changed longest ago makes room) {
  options.max_entries = 3;
  open();
  for (auto key : {"a", "b", "c"}) {
    append(*store, key, "1");
    ++now;
  }
  append(*store, "a", "2");
  ++now;
  append(*store, "d", "1");
  CAF_CHECK_EQUAL(load(*store, "b"), "-");
  CAF_CHECK_EQUAL(load(*store, "a"), "12");
  CAF_CHECK_EQUAL(store->statistics().evicted, 1u);
  CAF_CHECK_EQUAL(store->statistics().entries, 3u);
}

CAF_TEST(a change that throws changes nothing) {
  open();
  append(*store, "a", "1");
  CAF_CHECK_EQUAL(break_off(*store, "a"),
                  "!OS:STORE_NOT_AVAILABLE: object store s: broken");
  CAF_CHECK_EQUAL(load(*store, "a"), "1");
  CAF_CHECK_EQUAL(store->statistics().failed, 1u);
}

CAF_TEST(the file is for its owner alone) {
  open();
  append(*store, "a", "1");
  for (auto suffix : {"", "-wal", "-shm"}) {
    struct stat found {};
    CAF_REQUIRE(::stat((options.path + suffix).c_str(), &found) == 0);
    CAF_CHECK_EQUAL(found.st_mode & 0777u, 0600u);
  }
}

CAF_TEST(a path that leads nowhere is told) {
  options.path = folder / "missing" / "counts.db";
  CAF_CHECK_EQUAL(refusal(), options.path + ": No such file or directory");
  auto all = object_stores::open({options});
  CAF_REQUIRE(!all);
  CAF_CHECK(contains_path(describe(all.error()).message));
}

CAF_TEST(a folder is no file) {
  options.path = folder;
  CAF_CHECK(contains_path(refusal()));
}

CAF_TEST(a file that is no database is told and left alone) {
  std::string text(5000, 'x');
  std::ofstream{options.path} << text;
  CAF_CHECK_EQUAL(refusal(), options.path + ": file is not a database");
  CAF_CHECK_EQUAL(std::filesystem::file_size(options.path), text.size());
}

CAF_TEST(a database of another program is told and left alone) {
  intruder{options.path}.run("CREATE TABLE theirs(x)");
  CAF_CHECK_EQUAL(refusal(),
                  options.path + ": the database is another program's");
}

CAF_TEST(a database that somebody else locks fails changes and not look - ups) {
  open();
  append(*store, "a", "1");
  {
    intruder other{options.path};
    other.run("BEGIN IMMEDIATE");
    CAF_CHECK_EQUAL(append(*store, "a", "2"),
                    "!OS:STORE_NOT_AVAILABLE: object store s: database is "
                    "locked");
    CAF_CHECK_EQUAL(load(*store, "a"), "1");
    other.run("ROLLBACK");
  }
  CAF_CHECK_EQUAL(append(*store, "a", "2"), "12");
}

CAF_TEST(a full disk fails changes until there is room) {
  open();
  append(*store, "a", "1");
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  auto tight = before;
  tight.rlim_cur = 64 * 1024;
  ::setrlimit(RLIMIT_FSIZE, &tight);
  std::string large(100'000, 'x');
  auto problem = append(*store, "b", large);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CAF_CHECK_EQUAL(problem.substr(0, 41),
                  "!OS:STORE_NOT_AVAILABLE: object store s: ");
  CAF_CHECK_EQUAL(load(*store, "b"), "-");
  CAF_CHECK_EQUAL(append(*store, "a", "2"), "12");
  CAF_CHECK_EQUAL(store->statistics().entries, 1u);
}

CAF_TEST(a database that is broken meanwhile fails what meets the breach) {
  open();
  for (auto i = 0; i < 100; ++i)
    append(*store, std::to_string(i), std::string(1000, 'x'));
  // Closed, so that all of it is in the file.
  open();
  auto size = std::filesystem::file_size(options.path);
  CAF_REQUIRE(size > 50'000u);
  {
    std::fstream file{options.path,
                      std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(4096);
    file << std::string(size - 4096, '\x5A');
  }
  for (auto i = 0; i < 100; ++i) {
    auto problem = append(*store, std::to_string(i), "y");
    CAF_CHECK_EQUAL(problem.substr(0, 41),
                    "!OS:STORE_NOT_AVAILABLE: object store s: ");
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
