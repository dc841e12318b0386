// switchboard-bench SCENARIO --url ws://HOST:PORT/PATH [OPTION…]: puts load on
// a WebSocket server and tells how it took it.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>

#include "bench/compare/certificate.hpp"
#include "bench/compare/comparison.hpp"
#include "bench/compare/plan.hpp"
#include "bench/load/arguments.hpp"
#include "bench/load/catalogue.hpp"
#include "bench/load/failure.hpp"
#include "bench/report/results.hpp"

using namespace switchboard::bench;

namespace {

constexpr const char* usage =
    R"(switchboard-bench SCENARIO --url URL [--OPTION VALUE]…
switchboard-bench compare --plan FILE [--OPTION VALUE]…

)";

constexpr const char* common_usage = R"(
  --seconds 3      how long, after --warm-up 0.2 (not with --count)
  --count N        instead: this many messages or connections, no warm-up

compare starts the servers of a plan (see bench/plans/report.json), each on core 0, and
puts load on them from core 1, in turn:
  --rounds 5       that count, after one that does not
  --slice 0.5      seconds of load a server and round
  --only TEXT      only cases with this in their name or scenario
  --json FILE, --plot FILE.svg
  --product FILE   the switchboard program
  --strict         a server that is missing or fails ends it

Exit code: 0, 1 for a failure of the server or a wrong count, 2 for wrong usage.
)";

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

void measure(const std::string& name, arguments& given) {
  auto load = make_scenario(name, given);
  auto warm_up = given.real("warm-up", 0.2);
  auto duration = given.real("seconds", 3);
  auto count = given.number("count", 0);
  given.finish();
  load->open();
  if (count == 0 && warm_up > 0) {
    slice ignored;
    load->run(seconds(warm_up), ignored);
  }
  slice result;
  load->run(count > 0 ? slice_limit{.count = count} : seconds(duration),
            result);
  print(result, unit_of(name));
}

void measure_memory(arguments& given) {
  auto result = run_idle(given);
  given.finish();
  std::printf("%.0f bytes an idle socket (%.1f MiB, then %.1f MiB)\n",
              result.bytes_per_socket,
              double(result.resident_bytes_before) / 1048576,
              double(result.resident_bytes_after) / 1048576);
}

void write_file(const std::string& path, const std::string& text) {
  if (!(std::ofstream{path} << text))
    throw failure{path + " cannot be written"};
}

void compare_servers(arguments& given) {
  namespace fs = std::filesystem;
  auto bin = fs::read_symlink("/proc/self/exe").parent_path();
  auto plan = read_plan(given.needed("plan"));
  certificate shown;
  comparison_options options;
  options.rounds = given.number("rounds", options.rounds);
  options.slice = seconds(given.real("slice", 0.5)).duration;
  options.only = given.text("only", "");
  options.strict = given.flag("strict");
  options.known = {
      {"bin", bin},
      {"certificate", shown.path()},
      {"plan", plan.folder},
      {"product", given.text("product", bin.parent_path() / "switchboard")}};
  auto json = given.text("json", "-");
  auto plot = given.text("plot", "-");
  given.finish();
  auto result = compare(plan, options);
  if (json != "-")
    write_file(json, as_json(result));
  if (plot != "-")
    write_file(plot, as_svg(result));
}

} // namespace

int main(int argc, char** argv) {
  std::string scenario = argc > 1 ? argv[1] : "--help";
  if (scenario == "--help" || scenario == "-h") {
    std::printf("%s%s%s", usage, scenario_help, common_usage);
    return argc > 1 ? EXIT_SUCCESS : 2;
  }
  try {
    arguments given{argc, argv, 2};
    if (scenario == "idle")
      measure_memory(given);
    else if (scenario == "compare")
      compare_servers(given);
    else
      measure(scenario, given);
    return EXIT_SUCCESS;
  } catch (const wrong_usage& wrong) {
    std::fprintf(stderr, "switchboard-bench: %s\n", wrong.what());
    return 2;
  } catch (const std::exception& wrong) {
    std::fprintf(stderr, "switchboard-bench: %s\n", wrong.what());
    return EXIT_FAILURE;
  }
}
