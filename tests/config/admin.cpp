#define CAF_SUITE config.admin

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;

namespace {

std::string with(std::string_view text) {
  return std::string{small_file} + std::string{text};
}

} // namespace

CAF_TEST(sections that are left out have their defaults) {
  auto read = good(small_file);
  CAF_CHECK_EQUAL(read.admin.host, "127.0.0.1");
  CAF_CHECK_EQUAL(read.admin.port, 9080);
  CAF_CHECK(read.admin.tokens.empty());
  CAF_CHECK(read.admin.console);
  CAF_CHECK_EQUAL(read.admin.at.line, 0u);
  CAF_CHECK(read.log.level == log_level::info);
  CAF_CHECK(read.log.format == log_format::text);
  CAF_CHECK_EQUAL(read.log.file, "");
  CAF_CHECK(read.log.levels == part_levels{});
  CAF_CHECK_EQUAL(read.switchboard.runtime.shards, 0u);
  CAF_CHECK(read.switchboard.runtime.io == io_method::automatic);
}

CAF_TEST(every key of admin log and runtime is read) {
  auto read = good(with(R"([admin]
host = "0.0.0.0"
port = 9999
tokens = ["one", "${file:password}-x"]
console = false
[log]
level = "debug"
format = "json"
file = "logs/s.log"
levels = { tls = "trace", flow = "off" }
[runtime]
shards = 4
io = "io_uring"
drain_timeout = "1min"
drain = { pause = "5s", batch = 10, every = "20ms", code = "4000", reason = "moving" }
)"));
  CAF_CHECK_EQUAL(read.admin.host, "0.0.0.0");
  CAF_CHECK_EQUAL(read.admin.port, 9999);
  CAF_CHECK_EQUAL(read.admin.tokens.size(), 2u);
  CAF_CHECK(!read.admin.console);
  CAF_CHECK_EQUAL(read.admin.at.line, 6u);
  CAF_CHECK(read.log.level == log_level::debug);
  CAF_CHECK(read.log.format == log_format::json);
  CAF_CHECK_EQUAL(read.log.file, "/etc/switchboard/logs/s.log");
  CAF_CHECK(read.log.levels[index_of(report_part::tls)] == log_level::trace);
  CAF_CHECK(read.log.levels[index_of(report_part::flow)] == log_level::off);
  CAF_CHECK(!read.log.levels[index_of(report_part::socket)]);
  CAF_CHECK_EQUAL(read.switchboard.runtime.shards, 4u);
  CAF_CHECK(read.switchboard.runtime.io == io_method::io_uring);
  auto& drain = read.switchboard.runtime.drain;
  CAF_CHECK(drain.timeout == std::chrono::minutes{1});
  CAF_CHECK(drain.pause == std::chrono::seconds{5});
  CAF_CHECK_EQUAL(drain.batch, 10u);
  CAF_CHECK(drain.every == std::chrono::milliseconds{20});
  CAF_CHECK_EQUAL(drain.code, 4000u);
  CAF_CHECK_EQUAL(drain.reason, "moving");
}

CAF_TEST(an address that others reach needs tokens) {
  auto header = with("[admin]\n");
  check_rows(
      header,
      {{R"(host = "localhost")", ""},
       {R"(host = "127.8.9.10")", ""},
       {R"(host = "::1")", ""},
       {R"(host = "::ffff:127.0.0.1")", ""},
       {R"(host = "0.0.0.0")",
        "8: admin.host: \"0.0.0.0\" is reached from other machines, expected "
        "tokens beside it or a loopback address"},
       {R"(host = "::")",
        "8: admin.host: \"::\" is reached from other machines, expected "
        "tokens beside it or a loopback address"},
       {R"(host = "example.com")", "8: admin.host: \"example.com\" is reached "
                                   "from other machines, expected "
                                   "tokens beside it or a loopback address"},
       {R"(host = "${SECRET}")",
        "8: admin.host: the value is reached from other machines, expected "
        "tokens beside it or a loopback address"}});
  check_rows(with("[admin]\nhost = \"::\"\n"),
             {{R"(tokens = ["t"])", ""},
              {R"(tokens = [""])", "11: admin.tokens[0]: is empty, expected a "
                                   "token"}});
  CAF_CHECK_EQUAL(problems_of(with("[admin]\nhost = \"::\"\ntokens = []\n")),
                  "7:8: admin.host: \"::\" is reached from other machines, "
                  "expected tokens beside it or a loopback address\n");
}

CAF_TEST(certificates of clients stand in place of tokens) {
  auto file = [](const char* context) {
    return with("[admin]\nhost = \"::\"\ntls = \"a\"\n[tls.a]\n"
                "key_store = { path = \"k\" }\n")
           + context;
  };
  auto read = good(file("client_authentication = \"optional\"\n"
                        "trust_store = { path = \"t\" }\n"));
  CAF_CHECK_EQUAL(read.admin.tls, "a");
  for (auto context :
       {"", "trust_store = { path = \"t\" }\n",
        // Whoever owns a name has a certificate of the system's authorities.
        "client_authentication = \"required\"\n",
        "client_authentication = \"required\"\n"
        "trust_store = { path = \"t\", insecure = true }\n"})
    CAF_CHECK_EQUAL(problems_of(file(context)),
                    "7:8: admin.host: \"::\" is reached from other machines, "
                    "expected tokens beside it, a loopback address, or a tls "
                    "with client_authentication and a trust_store of its "
                    "own\n");
  CAF_CHECK_EQUAL(problems_of(with("[admin]\ntls = \"b\"\n")),
                  "7:7: admin.tls: \"b\" is no tls, expected one in this "
                  "file, which has none\n");
}

CAF_TEST(a token never shows in a diagnostic) {
  check_rows(with("[admin]\n"),
             {{R"(tokens = ["let me in", 5, "a"])",
               "11: admin.tokens[0]: is no bearer token, expected printable "
               "ASCII without spaces\n"
               "24: admin.tokens[1]: is an integer, expected a string"},
              {R"(tokens = "letmein")",
               "10: admin.tokens: is a string, expected an array of strings"}});
}

CAF_TEST(the keys of admin log and runtime are checked) {
  check_rows(with("[admin]\n"),
             {{"port = 70000", "8: admin.port: 70000 is out of range, expected "
                               "an integer from 0 to 65535"},
              {"console = 1",
               "11: admin.console: is an integer, expected true or false"},
              {"token = []", "1: admin.token: is an unknown key, the nearest "
                             "known key is tokens"}});
  check_rows(with("[log]\n"),
             {{R"(level = "trace")", ""},
              {R"(level = "warn")", ""},
              {R"(level = "off")", ""},
              {R"(level = "loud")",
               "9: log.level: \"loud\" is unknown, expected \"trace\", "
               "\"debug\", \"info\", \"warn\", \"error\" or \"off\""},
              {R"(format = "xml")", "10: log.format: \"xml\" is unknown, "
                                    "expected \"text\" or \"json\""},
              {R"(file = "")", "8: log.file: \"\" is no file, expected a path"},
              {R"(file = "/var/log/s")", ""},
              {R"(levels = { socket = "warn" })", ""},
              {"levels = {}", ""},
              {R"(levels = "warn")",
               "10: log.levels: is a string, expected a table of levels"},
              {R"(levels = { sockets = "warn" })",
               "12: log.levels.sockets: is an unknown key, the nearest known "
               "key is socket"},
              {R"(levels = { tls = "loud" })",
               "18: log.levels.tls: \"loud\" is unknown, expected \"trace\", "
               "\"debug\", \"info\", \"warn\", \"error\" or \"off\""}});
  check_rows(with("[runtime]\n"),
             {{"shards = 1", ""},
              {"shards = 0", "10: runtime.shards: 0 is out of range, expected "
                             "an integer from 1 to 1024"},
              {R"(drain_timeout = "0s")", ""},
              {R"(drain = { code = 1001 })", ""},
              {R"(drain = { code = 1005 })",
               "18: runtime.drain.code: \"1005\" is no close code, expected "
               "NORMAL_CLOSURE, ENDPOINT_GOING_DOWN, PROTOCOL_ERROR, "
               "INVALID_DATA, MESSAGE_TOO_LARGE or a number of 1000 to 1003, "
               "1007 to 1014, 3000 to 4999"},
              {R"(drain = { batch = 0 })",
               "19: runtime.drain.batch: 0 is out of range, expected an "
               "integer from 1 to 4294967295"},
              {R"(drain = { every = "0s" })",
               "19: runtime.drain.every: \"0s\" is too short, expected a "
               "duration such as \"250ms\" or \"15min\" longer than 0"},
              {"drain_timeout = \"1s\"\ndrain = { timeout = \"1s\" }",
               "1: runtime.drain_timeout: says what drain.timeout says, "
               "expected one of the two"},
              {R"(io = "auto")", ""},
              {R"(io = "epoll")", ""},
              {R"(io = "poll")", "6: runtime.io: \"poll\" is unknown, expected "
                                 "\"auto\", \"epoll\" or \"io_uring\""},
              {"shard = 2", "1: runtime.shard: is an unknown key, the nearest "
                            "known key is shards"}});
}
