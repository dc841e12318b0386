// switchboard-bench SCENARIO --url ws://HOST:PORT/PATH [OPTION…]: puts load on
// a WebSocket server and tells how it took it.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "bench/load/arguments.hpp"
#include "bench/load/echo.hpp"
#include "bench/load/failure.hpp"

using namespace switchboard::bench;

namespace {

constexpr const char* help =
    R"(switchboard-bench SCENARIO --url URL [OPTION VALUE]…

  echo       every connection sends and gets each message back
               --connections 100  --size 20 (bytes)  --in-flight 1
               --rate 0 (messages a second over all; 0: as fast as they return)

  --seconds 3      how long, after --warm-up 0.2 (not with --count)
  --count N        instead: this many messages, no warm-up

Exit code: 0, 1 for a failure of the server or a wrong count, 2 for wrong usage.
)";

std::string payload_of(std::size_t size) {
  std::string result(size, ' ');
  constexpr std::string_view pattern = R"({"room":"blue","text":"hello"},)";
  for (std::size_t i = 0; i < size; ++i)
    result[i] = pattern[i % pattern.size()];
  return result;
}

void print(const slice& result, const char* unit) {
  auto us = [&](double share) {
    return double(result.latency.quantile(share)) / 1000;
  };
  auto seconds = std::chrono::duration<double>(result.elapsed).count();
  std::printf("%.0f %s a second (%llu in %.3f s), load busy %.0f %%\n",
              result.per_second(), unit,
              static_cast<unsigned long long>(result.count), seconds,
              100 * std::chrono::duration<double>(result.load_cpu).count()
                  / seconds);
  std::printf("latency in us: p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  "
              "max %.1f\n",
              us(0.5), us(0.9), us(0.99), us(0.999),
              double(result.latency.max()) / 1000);
}

slice_limit seconds(double count) {
  return {.duration =
              std::chrono::nanoseconds{static_cast<std::int64_t>(count * 1e9)}};
}

int run_echo(arguments& given) {
  auto where = parse_url(given.needed("url"));
  auto size = given.number("size", 20);
  echo_options options;
  options.connections = given.number("connections", options.connections);
  options.in_flight = given.number("in-flight", options.in_flight);
  options.rate = given.real("rate", 0);
  auto warm_up = given.real("warm-up", 0.2);
  auto duration = given.real("seconds", 3);
  auto count = given.number("count", 0);
  given.finish();

  wire shared{
      where, {}, {.op = switchboard::net::opcode::text, .length = size}};
  shared.train.emplace(payload_of(size), switchboard::net::opcode::text);
  echo load{shared, options};
  load.open();
  if (count == 0) {
    slice ignored;
    load.run(seconds(warm_up), ignored);
  }
  slice result;
  load.run(count > 0 ? slice_limit{.count = count} : seconds(duration), result);
  print(result, "echoes");
  return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
  std::string_view scenario = argc > 1 ? argv[1] : "--help";
  if (scenario == "--help" || scenario == "-h") {
    std::fputs(help, stdout);
    return argc > 1 ? EXIT_SUCCESS : 2;
  }
  try {
    arguments given{argc, argv, 2};
    if (scenario == "echo")
      return run_echo(given);
    throw wrong_usage{"unknown scenario " + std::string{scenario}};
  } catch (const wrong_usage& wrong) {
    std::fprintf(stderr, "switchboard-bench: %s\n", wrong.what());
    return 2;
  } catch (const std::exception& wrong) {
    std::fprintf(stderr, "switchboard-bench: %s\n", wrong.what());
    return EXIT_FAILURE;
  }
}
