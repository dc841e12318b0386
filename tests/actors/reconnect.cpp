#define CAF_SUITE reconnect
#include <caf/test/unit_test.hpp>

#include <optional>
#include <vector>

#include "actors/reconnect.hpp"

using namespace switchboard;
using namespace switchboard::actors;
using namespace std::chrono_literals;

using wait = std::optional<std::chrono::nanoseconds>;

CAF_TEST(the wait follows the strategy) {
  struct row {
    const char* what;
    reconnection_options options;
    std::uint32_t attempt;
    double dice;
    wait expected;
  };
  auto strategy = [](reconnection_strategy which) {
    reconnection_options result;
    result.strategy = which;
    return result;
  };
  auto none = strategy(reconnection_strategy::none);
  auto twice = strategy(reconnection_strategy::reconnect);
  auto forever = strategy(reconnection_strategy::reconnect_forever);
  auto never = twice;
  never.count = 0;
  auto growing = forever;
  growing.frequency = 100ms;
  growing.backoff = {2.0, 1s, 0.0};
  auto dicing = forever;
  dicing.backoff.jitter = 0.5;
  auto slow = forever;
  slow.frequency = 5min;
  slow.backoff = {3.0, 1min, 0.0};
  std::vector<row> rows{
      {"none: not once", none, 0, 0, std::nullopt},
      {"reconnect: first", twice, 0, 0, 2s},
      {"reconnect: last", twice, 1, 0, 2s},
      {"reconnect: spent", twice, 2, 0, std::nullopt},
      {"reconnect with count 0: not once", never, 0, 0, std::nullopt},
      {"forever: first", forever, 0, 0.9, 2s},
      {"forever: the millionth", forever, 1'000'000, 0, 2s},
      {"backoff: first", growing, 0, 0, 100ms},
      {"backoff: doubles", growing, 1, 0, 200ms},
      {"backoff: doubles again", growing, 3, 0, 800ms},
      {"backoff: capped", growing, 4, 0, 1s},
      {"backoff: capped for good", growing, 4'000'000'000u, 0, 1s},
      {"jitter: none drawn", dicing, 0, 0, 2s},
      {"jitter: half of the share drawn", dicing, 0, 0.5, 1500ms},
      {"jitter: nearly all of it", dicing, 0, 0.999, 1001ms},
      {"a cap below the frequency does not shorten it", slow, 7, 0, 5min},
  };
  for (auto& row : rows) {
    CAF_MESSAGE(row.what);
    auto got = reconnect_delay(row.options, row.attempt, row.dice);
    CAF_CHECK(got == row.expected);
  }
}
