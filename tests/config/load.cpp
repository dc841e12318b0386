#define CAF_SUITE config.load

#include <cstdio>
#include <fstream>

#include <unistd.h>

#include "tests/config/loading.hpp"

using namespace switchboard::config;
using namespace switchboard::config::testing;

CAF_TEST(a diagnostic names file line column and key) {
  CAF_CHECK_EQUAL(render({{3, 8}, "a.b", "is wrong"}, "x.toml"),
                  "x.toml:3:8: a.b: is wrong");
  CAF_CHECK_EQUAL(render({{3, 8}, "", "is wrong"}, "x.toml"),
                  "x.toml:3:8: is wrong");
  CAF_CHECK_EQUAL(render({{}, "", "cannot be read"}, "x.toml"),
                  "x.toml: cannot be read");
}

CAF_TEST(text that is no TOML gives one diagnostic with its place) {
  CAF_CHECK_EQUAL(problems_of("a = 1\nb = [1,,]\n"),
                  "2:8: not TOML: Error while parsing array: expected value or "
                  "closing ']', saw comma\n");
  CAF_CHECK_EQUAL(problems_of("a = \"x"),
                  "1:7: not TOML: Error while parsing string: encountered "
                  "end-of-file\n");
  CAF_CHECK_EQUAL(problems_of("[log]\nlevel = 1\nlevel = 2\n").substr(0, 14),
                  "3:9: not TOML:");
  CAF_CHECK_EQUAL(problems_of("a = \"\xFF\"").substr(0, 13), "1:5: not TOML");
}

CAF_TEST(keys of very many parts do not take the stack) {
  auto deep = [](std::size_t parts) {
    std::string key = "a";
    while (--parts > 0)
      key += ".a";
    return key;
  };
  constexpr std::string_view problem =
      "a key has too many parts, expected at most 32";
  for (auto& text :
       {deep(300'000) + " = 1", "[" + deep(300'000) + "]",
        "x = { " + deep(33) + " = 1 }",
        "# a.b\nx = \"#\" # \"\ny = '''\n''''' # '\n" + deep(33) + " = 1"})
    CAF_CHECK(problems_of(text).find(problem) != std::string::npos);
  auto dots = std::string(1000, '.');
  for (auto& text :
       {deep(32) + " = 1", "a = \"" + dots + "\"", "a = '" + dots + "'",
        "a = \"\"\"\n\\\"\"\"" + dots + "\"\"\"", "a = '''\n" + dots + "'''",
        "# " + dots, "a = [" + deep(2) + "]"})
    CAF_CHECK(problems_of(text).find(problem) == std::string::npos);
}

CAF_TEST(a file without anything to do is refused) {
  constexpr std::string_view problem =
      "1:1: nothing to do: the file has no [websocket.NAME] and no [[flow]] "
      "with a source, expected at least one\n";
  CAF_CHECK_EQUAL(problems_of(""), problem);
  CAF_CHECK_EQUAL(problems_of("[admin]\nport = 1\n"), problem);
  CAF_CHECK_EQUAL(problems_of("[[flow]]\nname = \"f\"\n"), problem);
  CAF_CHECK_EQUAL(problems_of("[[flow]]\nname = \"f\"\n"
                              "source = \"startup\"\n"),
                  "");
}

CAF_TEST(twenty mistakes give exactly twenty diagnostics in order) {
  constexpr std::string_view text = R"([http_listener.main]
host = "bad host"
port = 70000
tls = "edge"
handshake_timeout = "10"
[websocket.chat.server]
listener = "mian"
max_message_size = 5
compression = { level = 11 }
slow_consumer = "wait"
[websocket.chat.client]
hots = "h"
[websocket.chat.reconnection]
strategy = "retry"
[websocket.chat.reconection]
[admin]
host = "0.0.0.0"
[log]
level = "${NOPE}"
[[flow]]
name = "listen"
source = "inbound-listener"
path = "/a/{x}"
every = "1s"
steps = [
  { sned = {} },
  { log = "#[payload" },
  { flow_ref = "nobody" },
  { http_request = {} },
]
[[flow]]
name = "listen"
source = "inbound-listener"
path = "/a/{y}"
)";
  auto result = load_text(text);
  std::string places;
  for (auto& problem : result.diagnostics)
    places += std::to_string(problem.at.line) + ':'
              + std::to_string(problem.at.column) + ' ' + problem.key + '\n';
  CAF_CHECK_EQUAL(result.diagnostics.size(), 20u);
  CAF_CHECK_EQUAL(places, R"(2:8 http_listener.main.host
3:8 http_listener.main.port
4:7 http_listener.main.tls
5:21 http_listener.main.handshake_timeout
7:12 websocket.chat.server.listener
8:20 websocket.chat.server.max_message_size
9:25 websocket.chat.server.compression.level
10:17 websocket.chat.server.slow_consumer
12:1 websocket.chat.client.hots
14:12 websocket.chat.reconnection.strategy
15:17 websocket.chat.reconection
17:8 admin.host
19:9 log.level
24:1 flow[0].every
26:5 flow[0].steps[0].sned
27:11 flow[0].steps[1].log
28:16 flow[0].steps[2].flow_ref
29:20 flow[0].steps[3].http_request.url
32:8 flow[1].name
34:8 flow[1].path
)");
}

CAF_TEST(a file is read with paths relative to it) {
  auto directory = std::filesystem::temp_directory_path()
                   / ("switchboard-config-" + std::to_string(::getpid()));
  std::filesystem::create_directories(directory);
  std::ofstream{directory / "token"} << "t0ken\n";
  std::ofstream{directory / "s.toml"} << small_file
                                      << "[admin]\n"
                                         "tokens = [\"${file:token}\"]\n"
                                         "[log]\nfile = \"s.log\"\n";
  auto result = load_file(directory / "s.toml");
  CAF_CHECK(result.diagnostics.empty());
  CAF_CHECK_EQUAL(result.value.admin.tokens,
                  (std::vector<std::string>{"t0ken"}));
  CAF_CHECK_EQUAL(result.value.log.file, (directory / "s.log").string());
  std::filesystem::remove_all(directory);
}

CAF_TEST(a file that cannot be read gives one diagnostic without a place) {
  auto result = load_file("/nowhere/at/all.toml");
  CAF_REQUIRE_EQUAL(result.diagnostics.size(), 1u);
  CAF_CHECK_EQUAL(render(result.diagnostics[0], "all.toml"),
                  "all.toml: cannot be read: No such file or directory");
  result = load_file(std::filesystem::temp_directory_path());
  CAF_REQUIRE_EQUAL(result.diagnostics.size(), 1u);
  CAF_CHECK_EQUAL(render(result.diagnostics[0], "d"),
                  "d: cannot be read: Is a directory");
}

CAF_TEST(an empty environment has neither variables nor files) {
  auto result = load("[log]\nlevel = \"${PATH}\"\nformat = "
                     "\"${file:/etc/passwd}\"\n",
                     "/", empty_environment());
  CAF_REQUIRE_EQUAL(result.diagnostics.size(), 2u);
  CAF_CHECK_EQUAL(render(result.diagnostics[0], "f"),
                  "f:2:9: log.level: the environment variable PATH is not set, "
                  "expected a value for it");
  CAF_CHECK_EQUAL(render(result.diagnostics[1], "f"),
                  "f:3:10: log.format: the file \"/etc/passwd\" cannot be "
                  "read: reading files is turned off");
}
