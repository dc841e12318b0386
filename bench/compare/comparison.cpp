#include "bench/compare/comparison.hpp"

#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "bench/load/catalogue.hpp"
#include "bench/load/failure.hpp"
#include "bench/load/processes.hpp"

namespace switchboard::bench {

namespace {

using seconds = std::chrono::duration<double>;

/// A server within one case.
struct contender {
  const server_plan* plan = nullptr;
  server_process* process = nullptr;
  std::unique_ptr<scenario> load;
  std::string problem;
  std::vector<double> rates;
  slice all;
  std::chrono::nanoseconds server_cpu{};
};

class comparison {
public:
  comparison(const comparison_plan& plan, const comparison_options& options)
      : plan_(plan), options_(options) {}

  comparison_result run();

private:
  void start_servers();
  case_result run_case(const case_plan& which);
  case_result run_rates(const case_plan& which);
  case_result run_memory(const case_plan& which);
  void open(contender& who, const case_plan& which);
  void run_slice(contender& who, bool counts);
  option_map options_for(const case_plan& which, const server_plan& server,
                         const substitutions& known) const;
  server_result result_of(const contender& who, const contender* base) const;
  /// Tells of a server that cannot be measured; throws where that must not be.
  void complain(const std::string& what);

  const comparison_plan& plan_;
  const comparison_options& options_;
  std::map<std::string, std::unique_ptr<server_process>> running_;
  comparison_result result_;
};

void comparison::complain(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  if (options_.strict)
    throw failure{what};
}

void comparison::start_servers() {
  for (const auto& each : plan_.servers) {
    auto why = server_process::missing(each, options_.known);
    try {
      if (why.empty())
        running_[each.name] =
            std::make_unique<server_process>(each, options_.known);
    } catch (const failure& wrong) {
      why = wrong.what();
    }
    if (why.empty())
      continue;
    result_.left_out.push_back(each.name + ": " + why);
    complain("left out: " + result_.left_out.back());
  }
}

option_map comparison::options_for(const case_plan& which,
                                   const server_plan& server,
                                   const substitutions& known) const {
  auto result = which.options;
  for (const auto& [name, value] : server.scenarios.at(which.scenario))
    result[name] = replaced(value, known);
  return result;
}

void comparison::open(contender& who, const case_plan& which) {
  arguments given{options_for(which, *who.plan, who.process->known())};
  who.load = make_scenario(which.scenario, given);
  given.finish();
  who.load->open();
}

void comparison::run_slice(contender& who, bool counts) {
  slice result;
  auto cpu = cpu_time(who.process->pid());
  who.load->run({.duration = options_.slice}, result);
  if (!counts)
    return;
  who.server_cpu += cpu_time(who.process->pid()) - cpu;
  who.rates.push_back(result.per_second());
  who.all.settled += result.settled;
  who.all.elapsed += result.elapsed;
  who.all.load_cpu += result.load_cpu;
  who.all.latency.add(result.latency);
}

server_result comparison::result_of(const contender& who,
                                    const contender* base) const {
  server_result result;
  result.server = who.plan->name;
  result.problem = who.problem;
  if (!who.problem.empty())
    return result;
  result.value = spread_of(who.rates);
  std::vector<double> ratios;
  for (std::size_t i = 0; base && i < who.rates.size(); ++i) {
    if (i < base->rates.size() && base->rates[i] > 0)
      ratios.push_back(who.rates[i] / base->rates[i]);
  }
  result.ratio = spread_of(ratios);
  result.latency_p50 = double(who.all.latency.quantile(0.5)) / 1000;
  result.latency_p99 = double(who.all.latency.quantile(0.99)) / 1000;
  auto count = static_cast<double>(who.all.settled);
  if (count > 0)
    result.server_cpu = double(who.server_cpu.count()) / 1000 / count;
  result.load_busy = seconds(who.all.load_cpu) / seconds(who.all.elapsed);
  return result;
}

case_result comparison::run_rates(const case_plan& which) {
  std::vector<contender> contenders;
  for (const auto& each : plan_.servers) {
    auto process = running_.find(each.name);
    if (process == running_.end() || !takes_part(each, which))
      continue;
    auto& added = contenders.emplace_back();
    added.plan = &each;
    added.process = process->second.get();
  }
  auto attempt = [&](contender& who, auto&& what) {
    if (!who.problem.empty())
      return;
    try {
      what();
    } catch (const failure& wrong) {
      who.problem = wrong.what();
      who.load.reset();
      complain(which.name + ", " + who.plan->name + ": " + who.problem);
    }
  };
  for (auto& each : contenders)
    attempt(each, [&] { open(each, which); });
  for (std::size_t round = 0; round <= options_.rounds; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      // Nobody always comes after the same neighbour's start of a round.
      auto& who = contenders[(i + round) % contenders.size()];
      attempt(who, [&] { run_slice(who, round > 0); });
    }
  }
  const contender* base = nullptr;
  for (const auto& each : contenders) {
    if (each.plan->name == plan_.baseline && each.problem.empty())
      base = &each;
  }
  case_result result;
  result.unit = std::string{unit_of(which.scenario)} + " a second";
  for (const auto& each : contenders)
    result.servers.push_back(result_of(each, base));
  return result;
}

// Memory that an earlier case has left free would hide what sockets take: each
// server is a new one.
case_result comparison::run_memory(const case_plan& which) {
  case_result result;
  result.unit = "bytes a socket";
  result.less_is_better = true;
  for (const auto& each : plan_.servers) {
    if (!running_.contains(each.name) || !takes_part(each, which))
      continue;
    auto& added = result.servers.emplace_back();
    added.server = each.name;
    try {
      server_process fresh{each, options_.known};
      auto options = options_for(which, each, fresh.known());
      options["pid"] = std::to_string(fresh.pid());
      arguments given{options};
      auto bytes = run_idle(given).bytes_per_socket;
      given.finish();
      added.value = {bytes, bytes, bytes};
    } catch (const failure& wrong) {
      added.problem = wrong.what();
      complain(which.name + ", " + each.name + ": " + added.problem);
    }
  }
  double base = 0;
  for (const auto& each : result.servers) {
    if (each.server == plan_.baseline)
      base = each.value.median;
  }
  for (auto& each : result.servers) {
    auto ratio = base > 0 ? each.value.median / base : 0;
    each.ratio = {ratio, ratio, ratio};
  }
  return result;
}

case_result comparison::run_case(const case_plan& which) {
  auto result = which.scenario == "idle" ? run_memory(which) : run_rates(which);
  result.name = which.name;
  result.scenario = which.scenario;
  return result;
}

comparison_result comparison::run() {
  pin(0, 1);
  result_.baseline = plan_.baseline;
  result_.rounds = options_.rounds;
  result_.slice_seconds = seconds(options_.slice).count();
  start_servers();
  for (const auto& each : plan_.cases) {
    if (each.name.find(options_.only) == std::string::npos
        && each.scenario.find(options_.only) == std::string::npos)
      continue;
    result_.cases.push_back(run_case(each));
    std::printf("%s\n", as_table(result_.cases.back(), plan_.baseline).c_str());
    std::fflush(stdout);
  }
  return std::move(result_);
}

} // namespace

comparison_result compare(const comparison_plan& plan,
                          const comparison_options& options) {
  return comparison{plan, options}.run();
}

} // namespace switchboard::bench
