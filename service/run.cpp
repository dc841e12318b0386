#include "service/run.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <iostream>
#include <mutex>
#include <set>
#include <utility>

#include <sys/resource.h>

#include <boost/json.hpp>
#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

#include "flows/engine.hpp"
#include "net/usable_cores.hpp"
#include "service/api/server.hpp"
#include "service/check.hpp"
#include "service/demo.hpp"
#include "service/drain.hpp"
#include "service/exit_code.hpp"
#include "service/log.hpp"
#include "service/metrics/exposition.hpp"
#include "service/reloader.hpp"
#include "service/signals.hpp"
#include "service/systemd/activation.hpp"
#include "service/systemd/notifier.hpp"
#include "service/systemd/watchdog.hpp"

namespace switchboard::service {

namespace {

/// The most that flows in work get before their sockets are told to close.
constexpr std::chrono::milliseconds flow_drain{800};

/// For what comes behind the drain until the process is cut.
constexpr std::chrono::seconds shutdown_margin{4};

/// CAF's own settings are ours to choose: neither its command line nor its
/// file is read.
struct actor_settings : caf::actor_system_config {
  actor_settings() {
    configure(*this);
    set("scheduler.max-threads",
        static_cast<std::size_t>(std::clamp(net::usable_cores(), 2u, 4u)));
  }
};

/// As many descriptors as the system lets us have.
void raise_descriptor_limit(log& lines) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0)
    lines.write(log_level::debug, "file descriptors",
                {{"limit", std::to_string(limit.rlim_cur)}});
}

std::chrono::nanoseconds shutdown_limit(const config::document& what) {
  auto& how = what.switchboard.runtime.drain;
  return how.pause + how.timeout + shutdown_margin;
}

boost::json::array to_json(const std::vector<flows::flow_info>& flows) {
  boost::json::array result;
  for (auto& flow : flows) {
    boost::json::object entry;
    entry["name"] = flow.name;
    if (flow.source == flow_source::none)
      entry["source"] = nullptr;
    else
      entry["source"] = flows::name_of(flow.source);
    entry["config"] = flow.config;
    entry["path"] = flow.path;
    entry["events"] = flow.events;
    entry["failures"] = flow.failures;
    entry["in_work"] = flow.in_work;
    entry["waiting"] = flow.waiting;
    entry["retries"] = flow.retries;
    entry["dead_letters"] = flow.dead_letters;
    entry["lost_letters"] = flow.lost_letters;
    entry["seconds"] = std::chrono::duration<double>{flow.time}.count();
    entry["dropped"] = flow.dropped;
    entry["removed"] = flow.removed;
    entry["dead_runners"] = flow.dead_runners;
    result.push_back(std::move(entry));
  }
  return result;
}

/// Everything between the actor system and the signals.
class service {
public:
  service(caf::actor_system& system, std::shared_ptr<log> lines)
      : system_(system), lines_(std::move(lines)), report_(reporter(lines_)) {}

  /// @returns the exit code of a start that failed.
  std::optional<int> start(checked_configuration what,
                           const std::optional<std::filesystem::path>& file) {
    note(what.value);
    if (auto problem = take_sockets(what.value.switchboard); !problem.empty()) {
      lines_->write(log_level::error, problem);
      return exit_usage;
    }
    auto host = instance::prepare(system_, what.value.switchboard, report_);
    if (!host)
      return fail(host.error(), exit_failed);
    instance_ = std::move(*host);
    lines_->write(log_level::debug, "event loops",
                  {{"shards", std::to_string(instance_->shards())},
                   {"io", instance_->io() == io_method::io_uring ? "io_uring"
                                                                 : "epoll"}});
    auto stores = flows::object_stores::open(what.value.object_stores);
    if (!stores)
      return fail(stores.error(), exit_failed);
    stores_ = std::move(*stores);
    auto flows = flows::engine::start(
        *instance_, system_, what.program, report_, {},
        {[this](auto& name) { return instance_->client_tls(name); },
         what.value.switchboard.proxies},
        stores_, what.value.switchboard.runtime.temporary_directory);
    if (!flows)
      return fail(flows.error(), exit_failed);
    engine_ = std::move(*flows);
    if (auto problem = instance_->open())
      return fail(problem, exit_deployment);
    engine_->begin();
    drain_ = std::make_unique<drain>(*instance_,
                                     what.value.switchboard.runtime.drain);
    api::backend served;
    served.registry = instance_->registry();
    served.not_ready = [this] {
      return not_ready();
    };
    served.flows = [this] {
      return to_json(engine_->flows());
    };
    served.drain = [this] {
      lines_->write(log_level::info, "draining",
                    {{"by", "the management API"}});
      drain_->begin();
    };
    served.drain_stage = [this] {
      return name_of(drain_->stage());
    };
    // The API is there before what reads the file again, and after it.
    served.reload = [this](bool dry_run, reloader::answer done) {
      std::lock_guard guard{mutex_};
      if (reloader_)
        return reloader_->ask(dry_run, std::move(done));
      done({reload_outcome::status::refused,
            dry_run,
            {},
            {},
            "the switchboard is starting, or stopping"});
    };
    served.levels = [this] {
      return lines_->levels();
    };
    served.change_levels = [this](const log_level_changes& what) {
      auto next = apply(what, lines_->levels());
      auto tell = [&] {
        lines_->write(log_level::info, "the log's levels are set",
                      to_fields(next));
      };
      // In time, where it is too quiet to say so afterwards.
      auto quieter = next.of(report_part::service) > log_level::info;
      if (quieter)
        tell();
      next = lines_->change_levels(what);
      if (!quieter)
        tell();
      return next;
    };
    served.metrics = [this] {
      return metrics::expose({[this] { return instance_->statistics(); },
                              [this] { return engine_->flows(); },
                              [this] { return certificates(); },
                              [this] { return stores_->statistics(); },
                              [this] {
                                return state();
                              }});
    };
    if (auto& name = what.value.admin.tls; !name.empty()) {
      auto tls = instance_->server_tls(name);
      if (!tls)
        return fail(tls.error(), exit_failed);
      served.tls = std::move(*tls);
    }
    auto api = api::server::start(system_, what.value.admin, std::move(served),
                                  report_);
    if (!api)
      return fail(api.error(), exit_failed);
    api_ = std::move(*api);
    reloader::parts parts{
        instance_.get(),
        engine_.get(),
        api_.get(),
        drain_.get(),
        lines_,
        [this](auto& options) { systemd::hand_over(passed_, options); },
        [this](auto& document) {
          note(document);
          if (on_limit_)
            on_limit_(shutdown_limit(document));
        },
        &reloads_};
    {
      std::lock_guard guard{mutex_};
      reloader_ = std::make_unique<reloader>(std::move(parts), file,
                                             std::move(what.keys));
    }
    if (auto time = systemd::watchdog_time())
      watchdog_ = std::make_unique<systemd::watchdog>(
          [this] { return heartbeats(); }, *time, systemd::notify_alive);
    lines_->write(log_level::info,
                  instance_->ready() ? "ready"
                                     : "started, some listeners are not bound");
    return std::nullopt;
  }

  /// What SIGHUP asks for.
  void hang_up() {
    lines_->reopen();
    lines_->write(log_level::info,
                  "certificates, keys and the configuration file are read "
                  "again",
                  {{"signal", "SIGHUP"}}, report_part::reload);
    instance_->renew_tls();
    std::lock_guard guard{mutex_};
    if (reloader_)
      reloader_->hang_up();
  }

  /// @param act gets how long a shutdown may take when that changes.
  void on_shutdown_limit(std::function<void(std::chrono::nanoseconds)> act) {
    on_limit_ = std::move(act);
  }

  void stop() {
    std::unique_ptr<reloader> last;
    {
      std::lock_guard guard{mutex_};
      last.swap(reloader_);
    }
    last.reset();
    drain_->pause();
    if (!engine_->stop(flow_patience_))
      lines_->write(log_level::warn, "some flows were still in work");
    drain_->finish();
    // The shards are about to end: nobody is to be missed.
    watchdog_.reset();
    instance_->stop();
    api_->stop();
  }

  /// Empty while the listener is not bound.
  std::string address_of(std::string_view listener) const {
    return instance_->address_of(std::string{listener});
  }

  std::string api_address() const {
    return api_->address();
  }

private:
  /// Takes what systemd has passed.
  /// @returns what is wrong with it; empty where nothing is.
  std::string take_sockets(switchboard_options& options) {
    std::string problem;
    passed_ = systemd::take_sockets(problem);
    if (!problem.empty())
      return problem;
    if (auto name = systemd::match(passed_, options); !name.empty())
      return "systemd has passed a socket called `" + name
             + "`, which is the name of no http_listener";
    systemd::hand_over(passed_, options);
    return {};
  }

  /// Keeps what is needed of a file.
  void note(const config::document& what) {
    std::lock_guard guard{mutex_};
    flow_patience_ = std::min<std::chrono::nanoseconds>(
        flow_drain, what.switchboard.runtime.drain.timeout / 4);
    listeners_.clear();
    for (auto& websocket : what.switchboard.websockets)
      if (websocket.server)
        listeners_.insert(websocket.server->listener);
  }

  /// @param unreachable the exit code of a connection that cannot be had.
  int fail(const caf::error& why, int unreachable) {
    auto text = describe(why);
    lines_->write(log_level::error, text.message, {{"error", text.type}});
    auto code = code_of(why);
    if (code == errc::invalid_argument)
      return exit_usage;
    if (code == errc::connectivity || code == errc::retry_exhausted)
      return unreachable;
    return exit_failed;
  }

  std::vector<metrics::certificate_expiry> certificates() const {
    std::vector<metrics::certificate_expiry> result;
    auto now = std::chrono::system_clock::now();
    for (auto& [tls, left] : instance_->certificate_expiry())
      result.push_back({tls, now + left});
    return result;
  }

  metrics::service_state state() const {
    return {reloads_.now(), drain_->stage() != drain_stage::none,
            lines_->left_out()};
  }

  std::vector<std::uint64_t> heartbeats() const {
    std::vector<std::uint64_t> result;
    for (auto& shard : instance_->statistics().shards)
      result.push_back(shard.heartbeats);
    return result;
  }

  std::optional<std::string> not_ready() const {
    if (drain_->stage() != drain_stage::none)
      return "the switchboard is being drained";
    std::string unbound;
    std::lock_guard guard{mutex_};
    for (auto& name : listeners_)
      if (instance_->address_of(name).empty())
        unbound += (unbound.empty() ? "" : ", ") + name;
    if (!unbound.empty())
      return "listeners that are not bound: " + unbound;
    return std::nullopt;
  }

  caf::actor_system& system_;
  std::shared_ptr<log> lines_;
  report_function report_;
  reload_status reloads_{std::chrono::system_clock::now()};
  /// Stay open as long as the process lives.
  systemd::passed_sockets passed_;
  mutable std::mutex mutex_;
  // Guarded by `mutex_`.
  std::chrono::nanoseconds flow_patience_{0};
  /// Listeners that a configuration uses.
  std::set<std::string> listeners_;
  std::function<void(std::chrono::nanoseconds)> on_limit_;
  // Destroyed from the last to the first: flows outlive the instance, whose
  // last events they take, and stores the flows.
  std::shared_ptr<const flows::object_stores> stores_;
  std::unique_ptr<flows::engine> engine_;
  std::unique_ptr<instance> instance_;
  std::unique_ptr<drain> drain_;
  std::unique_ptr<api::server> api_;
  std::unique_ptr<systemd::watchdog> watchdog_;
  /// Guarded by `mutex_`.
  std::unique_ptr<reloader> reloader_;
};

/// @returns the exit code where the demonstration cannot be shown.
std::optional<int> greet(const service& running, log& lines) {
  auto pages = running.address_of(demo_listener);
  if (pages.empty()) {
    lines.write(log_level::error,
                "the demonstration's port is taken; give a configuration file "
                "to listen elsewhere");
    return exit_failed;
  }
  std::cout << demo_greeting(pages, running.api_address()) << std::flush;
  return std::nullopt;
}

} // namespace

int run_service(const std::optional<std::filesystem::path>& file) {
  auto checked = check(file ? config::load_file(*file) : load_demo());
  if (!checked.diagnostics.empty()) {
    print(std::cerr, checked.diagnostics, file ? file->string() : "demo.toml");
    return exit_usage;
  }
  std::string problem;
  auto lines = log::open(checked.value.log, problem);
  if (!lines) {
    std::cerr << "the log cannot be opened: " << problem << '\n';
    return exit_failed;
  }
  raise_descriptor_limit(*lines);
  std::signal(SIGPIPE, SIG_IGN);
  // A file that may not grow any more is an error of who writes to it.
  std::signal(SIGXFSZ, SIG_IGN);
  signals watch{lines, shutdown_limit(checked.value)};
  actor_settings settings;
  caf::actor_system system{settings};
  service running{system, lines};
  running.on_shutdown_limit(
      [&](auto limit) { watch.set_shutdown_time(limit); });
  if (auto failed = running.start(std::move(checked), file))
    return *failed;
  watch.started();
  if (!file)
    if (auto failed = greet(running, *lines))
      return *failed;
  watch.on_hangup([&] { running.hang_up(); });
  // Whoever has heard it may send a signal.
  systemd::notify_ready();
  auto signal = watch.wait();
  lines->write(log_level::info, "shutting down", {{"signal", signal}});
  systemd::notify_stopping();
  running.stop();
  lines->write(log_level::info, "stopped");
  return exit_done;
}

} // namespace switchboard::service
