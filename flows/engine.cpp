#include "flows/engine.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "flows/backend_caller.hpp"
#include "flows/has_ended.hpp"

namespace switchboard::flows {

namespace {

/// How long the registry may take to tell every shard of a source.
constexpr auto subscribe_timeout = std::chrono::seconds{30};

/// How long backends may still take once the flows were told to end: below
/// what a shutdown may take at all.
constexpr auto backend_patience = std::chrono::seconds{2};

std::uint64_t count_dead(const std::vector<caf::actor>& runners) {
  return static_cast<std::uint64_t>(
      std::count_if(runners.begin(), runners.end(), has_ended));
}

std::optional<source_kind> kind_of(flow_source source) {
  switch (source) {
    case flow_source::inbound_listener:
      return source_kind::inbound_listener;
    case flow_source::on_inbound_connection:
      return source_kind::on_inbound_connection;
    case flow_source::on_socket_closed:
      return source_kind::on_socket_closed;
    case flow_source::outbound_listener:
      return source_kind::outbound_listener;
    default:
      return std::nullopt;
  }
}

} // namespace

std::string_view name_of(flow_source source) noexcept {
  switch (source) {
    case flow_source::inbound_listener:
      return "inbound-listener";
    case flow_source::on_inbound_connection:
      return "on-inbound-connection";
    case flow_source::on_socket_closed:
      return "on-socket-closed";
    case flow_source::outbound_listener:
      return "outbound-listener";
    case flow_source::startup:
      return "startup";
    case flow_source::schedule:
      return "schedule";
    case flow_source::none:
      break;
  }
  return {};
}

engine::engine(caf::actor_system& system, engine_host host,
               std::shared_ptr<const program> code, report_function on_report,
               const lua_limits& limits)
    : system_(system),
      host_(std::move(host)),
      report_(std::move(on_report)),
      limits_(limits),
      program_(std::move(code)) {
  for (auto& what : program_->flows)
    slots_.push_back(make_slot(what));
}

engine::~engine() {
  for (auto list : {&slots_, &removed_})
    for (auto& what : *list)
      for (auto& one : what.runners)
        caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
  if (backends_)
    caf::anon_send_exit(backends_, caf::exit_reason::user_shutdown);
}

engine::slot engine::make_slot(const flow& what) {
  slot result;
  result.name = what.name;
  result.source = what.source;
  result.config = what.config;
  result.path = what.path;
  set_limit(result, what);
  return result;
}

void engine::set_limit(slot& of, const flow& what) {
  auto limit = what.max_concurrency > 0 ? what.max_concurrency
                                        : concurrency_gate::no_limit;
  if (of.gate)
    of.gate->resize(limit);
  else if (what.max_concurrency > 0)
    of.gate = std::make_shared<concurrency_gate>(limit);
}

caf::expected<std::unique_ptr<engine>>
engine::start(const engine_host& host, caf::actor_system& system,
              std::shared_ptr<const program> code, report_function on_report,
              const lua_limits& limits, const backend_options& backends,
              std::shared_ptr<const object_stores> stores,
              const std::string& temporary_directory) {
  std::unique_ptr<engine> result{
      new engine{system, host, std::move(code), std::move(on_report), limits}};
  result->streams_.directory = temporary_directory;
  if (auto problem = result->use_stores(std::move(stores)))
    return problem;
  if (auto problem = result->start_backends(backends))
    return problem;
  if (auto problem = result->start_streams())
    return problem;
  result->make_sandboxes();
  auto& flows = result->program_->flows;
  for (auto source :
       {flow_source::on_socket_closed, flow_source::on_inbound_connection,
        flow_source::outbound_listener, flow_source::inbound_listener,
        flow_source::startup, flow_source::schedule})
    for (std::size_t i = 0; i < flows.size(); ++i) {
      if (flows[i].source != source)
        continue;
      auto& what = result->slots_[i];
      result->spawn(what, i);
      if (kind_of(source))
        if (auto problem = result->subscribe(what, flows[i]))
          return problem;
    }
  return result;
}

caf::error engine::use_stores(std::shared_ptr<const object_stores> stores) {
  if (!stores) {
    auto made = object_stores::open({});
    if (!made)
      return made.error();
    stores = std::move(*made);
  }
  stores_ = std::move(stores);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    auto guard = guard_of(program_->flows[i], nullptr);
    if (!guard)
      return guard.error();
    slots_[i].guard = std::move(*guard);
  }
  return caf::none;
}

caf::expected<std::shared_ptr<redelivery_guard>>
engine::guard_of(const flow& what,
                 const std::shared_ptr<redelivery_guard>& known) const {
  if (!what.redelivery)
    return std::shared_ptr<redelivery_guard>{};
  auto store = stores_->find(what.redelivery->object_store);
  if (!store)
    return make_error(errc::invalid_argument,
                      "flow " + what.name + ": no object store is called `"
                          + what.redelivery->object_store + "`");
  // Its locks hold for what is in work.
  if (known && known->store == store)
    return known;
  return std::make_shared<redelivery_guard>(std::move(store));
}

caf::error engine::start_backends(const backend_options& options) {
  if (program_->backends.empty())
    return caf::none;
  auto routes = backend_routes::make(*program_, options);
  if (!routes)
    return routes.error();
  routes_ = std::move(*routes);
  try {
    backends_ =
        system_.spawn<backend_caller>(std::make_unique<net::http_client>());
  } catch (const std::system_error& failure) {
    return make_error(errc::connectivity,
                      std::string{"http_request cannot start: "}
                          + failure.what());
  }
  return caf::none;
}

caf::error engine::start_streams() {
  auto uses_files = [](const flow& what) {
    return what.streaming
           && what.streaming->type != streaming_options::kind::in_memory;
  };
  if (streams_.files
      || std::none_of(program_->flows.begin(), program_->flows.end(),
                      uses_files))
    return caf::none;
  std::error_code unknown;
  if (streams_.directory.empty())
    streams_.directory = std::filesystem::temp_directory_path(unknown).string();
  // Who may not use it learns so with the first message.
  if (streams_.directory.empty())
    streams_.directory = "/tmp";
  try {
    streams_.files = std::make_shared<net::file_worker>();
  } catch (const std::system_error& failure) {
    return make_error(errc::connectivity,
                      std::string{"streaming cannot start: "} + failure.what());
  }
  return caf::none;
}

void engine::make_sandboxes() {
  sandboxes_.clear();
  for (std::size_t i = 0; i < host_.shards; ++i)
    sandboxes_.push_back(
        std::make_shared<lua_sandbox>(program_->chunks, limits_));
}

void engine::begin() {
  for (auto& what : slots_)
    for (auto& one : what.runners) {
      if (what.source == flow_source::startup)
        caf::anon_send(one, run_atom::value);
      else if (what.source == flow_source::schedule)
        caf::anon_send(one, begin_atom::value);
    }
}

void engine::spawn(slot& of, std::size_t flow) {
  auto shards = kind_of(of.source) ? host_.shards : 1;
  for (std::size_t shard = 0; shard < shards; ++shard) {
    auto counters = std::make_shared<flow_counters>();
    auto one = make_runner(of, flow, shard, counters);
    std::lock_guard guard{mutex_};
    of.counters.push_back(std::move(counters));
    of.runners.push_back(std::move(one));
  }
}

caf::actor engine::make_runner(const slot& of, std::size_t flow,
                               std::size_t shard,
                               std::shared_ptr<flow_counters> counters) {
  return host_.spawn(shard, {program_, flow, host_.registry, report_,
                             std::move(counters), sandboxes_[shard], backends_,
                             of.gate, streams_, routes_, of.guard});
}

subscribe_source_request engine::request_of(const slot& what, const flow& of) {
  subscribe_source_request request;
  request.config = of.config;
  request.kind = *kind_of(of.source);
  request.path = of.path;
  for (auto& one : what.runners)
    request.targets.push_back(caf::actor_cast<caf::strong_actor_ptr>(one));
  if (of.source == flow_source::inbound_listener)
    request.default_groups = of.default_groups;
  request.credit = 1;
  request.send_queue = of.send_queue;
  request.reconnection = of.reconnection;
  return request;
}

caf::error engine::subscribe(slot& what, const flow& of) {
  caf::error result;
  caf::scoped_actor self{system_};
  self->request(host_.registry, subscribe_timeout, request_of(what, of))
      .receive([] {},
               [&](const caf::error& problem) {
                 auto text = describe(problem);
                 auto code = code_of(problem).value_or(errc::timeout);
                 result =
                     make_error(code, "flow " + of.name + ": " + text.message);
               });
  what.known = {of.config, of.path, of.default_groups, of.reconnection,
                of.send_queue};
  return result;
}

std::vector<flow_info> engine::flows() const {
  std::vector<flow_info> result;
  std::lock_guard guard{mutex_};
  for (auto list : {&slots_, &removed_})
    for (auto& what : *list) {
      flow_info info{what.name, what.source, what.config, what.path};
      info.removed = list == &removed_;
      for (auto& counted : what.counters) {
        info.events += counted->events.load();
        info.failures += counted->failures.load();
        info.in_work += counted->in_work.load();
        info.waiting += counted->waiting.load();
        info.retries += counted->retries.load() + counted->repeats.load();
        info.time += std::chrono::nanoseconds{
            static_cast<std::int64_t>(counted->time.load())};
        info.succeeded += counted->succeeded.load();
        info.dropped += counted->dropped.load();
        info.dead_letters += counted->dead_letters.load();
        info.lost_letters += counted->lost_letters.load();
      }
      if (!info.removed)
        info.dead_runners = count_dead(what.runners);
      result.push_back(std::move(info));
    }
  return result;
}

bool engine::has_dead_runners() const {
  std::lock_guard guard{mutex_};
  return std::any_of(slots_.begin(), slots_.end(),
                     [](auto& what) { return count_dead(what.runners) > 0; });
}

bool engine::stop(std::chrono::nanoseconds limit) {
  caf::scoped_actor self{system_};
  auto deadline = std::chrono::steady_clock::now() + limit;
  std::vector<caf::response_handle<caf::blocking_actor, caf::message, true>>
      answers;
  // All are asked before the first is waited for: the ticks end at once.
  {
    std::lock_guard guard{reloading_};
    stopped_ = true;
  }
  for (auto list : {&slots_, &removed_})
    for (auto& what : *list)
      for (auto& one : what.runners)
        answers.push_back(
            self->request(one, caf::timespan{limit}, finish_atom::value));
  auto done = true;
  for (auto& answer : answers) {
    answer.receive([] {},
                   [&](const caf::error& why) {
                     // A runner that has ended has nothing in work.
                     if (why == caf::sec::request_timeout)
                       done = false;
                   });
  }
  if (backends_)
    caf::anon_send(backends_, hurry_atom::value,
                   caf::timespan{backend_patience});
  return done && std::chrono::steady_clock::now() <= deadline;
}

} // namespace switchboard::flows
