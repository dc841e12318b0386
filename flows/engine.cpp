#include "flows/engine.hpp"

#include <system_error>
#include <utility>

#include "flows/backend_caller.hpp"

namespace switchboard::flows {

namespace {

/// How long the registry may take to tell every shard of a source.
constexpr auto subscribe_timeout = std::chrono::seconds{30};

/// How long backends may still take once the flows were told to end: below
/// what a shutdown may take at all.
constexpr auto backend_patience = std::chrono::seconds{2};

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

engine::engine(caf::actor_system& system, std::shared_ptr<const program> code)
    : system_(system), program_(std::move(code)) {
  for (auto& flow : program_->flows) {
    counters_.push_back(std::make_shared<flow_counters>());
    gates_.push_back(
        flow.max_concurrency > 0
            ? std::make_shared<concurrency_gate>(flow.max_concurrency)
            : nullptr);
  }
}

engine::~engine() {
  for (auto& one : runners_)
    caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
  if (backends_)
    caf::anon_send_exit(backends_, caf::exit_reason::user_shutdown);
}

caf::expected<std::unique_ptr<engine>>
engine::start(const engine_host& host, caf::actor_system& system,
              std::shared_ptr<const program> code, report_function on_report,
              const lua_limits& limits, const backend_options& backends,
              std::shared_ptr<const object_stores> stores) {
  std::unique_ptr<engine> result{new engine{system, std::move(code)}};
  result->report_ = std::move(on_report);
  if (auto problem = result->find_stores(std::move(stores)))
    return problem;
  if (auto problem = result->start_backends(backends))
    return problem;
  for (std::size_t i = 0; i < host.shards; ++i)
    result->sandboxes_.push_back(
        std::make_shared<lua_sandbox>(result->program_->chunks, limits));
  auto& flows = result->program_->flows;
  for (auto source :
       {flow_source::on_socket_closed, flow_source::on_inbound_connection,
        flow_source::outbound_listener, flow_source::inbound_listener})
    for (std::size_t i = 0; i < flows.size(); ++i)
      if (flows[i].source == source)
        if (auto problem = result->subscribe(host, i))
          return problem;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    if (flows[i].source == flow_source::startup)
      result->startups_.push_back(result->spawn(host, i, 1).front());
    else if (flows[i].source == flow_source::schedule)
      result->schedules_.push_back(result->spawn(host, i, 1).front());
  }
  return result;
}

caf::error engine::find_stores(std::shared_ptr<const object_stores> stores) {
  if (!stores) {
    auto made = object_stores::open({});
    if (!made)
      return made.error();
    stores = std::move(*made);
  }
  for (auto& flow : program_->flows) {
    auto& guard = guards_.emplace_back();
    if (!flow.redelivery)
      continue;
    auto store = stores->find(flow.redelivery->object_store);
    if (!store)
      return make_error(errc::invalid_argument,
                        "flow " + flow.name + ": no object store is called `"
                            + flow.redelivery->object_store + "`");
    guard = std::make_shared<redelivery_guard>(std::move(store));
  }
  return caf::none;
}

caf::error engine::start_backends(const backend_options& options) {
  if (program_->backends.empty())
    return caf::none;
  auto routes = backend_routes::make(*program_, options);
  if (!routes)
    return routes.error();
  try {
    backends_ = system_.spawn<backend_caller>(
        *routes, std::make_unique<net::http_client>());
  } catch (const std::system_error& failure) {
    return make_error(errc::connectivity,
                      std::string{"http_request cannot start: "}
                          + failure.what());
  }
  return caf::none;
}

void engine::begin() {
  for (auto& one : std::exchange(startups_, {}))
    caf::anon_send(one, run_atom::value);
  for (auto& one : std::exchange(schedules_, {}))
    caf::anon_send(one, begin_atom::value);
}

std::vector<caf::actor> engine::spawn(const engine_host& host, std::size_t flow,
                                      std::size_t shards) {
  std::vector<caf::actor> result;
  for (std::size_t shard = 0; shard < shards; ++shard) {
    result.push_back(host.spawn(
        shard, {program_, flow, host.registry, report_, counters_[flow],
                sandboxes_[shard], backends_, gates_[flow], guards_[flow]}));
    runners_.push_back(result.back());
  }
  return result;
}

caf::error engine::subscribe(const engine_host& host, std::size_t index) {
  auto& what = program_->flows[index];
  subscribe_source_request request;
  request.config = what.config;
  request.kind = *kind_of(what.source);
  request.path = what.path;
  for (auto& one : spawn(host, index, host.shards))
    request.targets.push_back(caf::actor_cast<caf::strong_actor_ptr>(one));
  if (what.source == flow_source::inbound_listener)
    request.default_groups = what.default_groups;
  request.credit = 1;
  request.reconnection = what.reconnection;
  caf::error result;
  caf::scoped_actor self{system_};
  self->request(host.registry, subscribe_timeout, std::move(request))
      .receive([] {},
               [&](const caf::error& problem) {
                 auto text = describe(problem);
                 auto code = code_of(problem).value_or(errc::timeout);
                 result = make_error(code,
                                     "flow " + what.name + ": " + text.message);
               });
  return result;
}

std::vector<flow_info> engine::flows() const {
  std::vector<flow_info> result;
  for (std::size_t i = 0; i < program_->flows.size(); ++i) {
    auto& what = program_->flows[i];
    auto& counted = *counters_[i];
    result.push_back({what.name, what.source, what.config, what.path,
                      counted.events, counted.failures, counted.in_work,
                      counted.waiting, counted.retries,
                      std::chrono::nanoseconds{counted.time}, counted.succeeded,
                      counted.dead_letters, counted.lost_letters});
  }
  return result;
}

bool engine::stop(std::chrono::nanoseconds limit) {
  caf::scoped_actor self{system_};
  auto deadline = std::chrono::steady_clock::now() + limit;
  std::vector<caf::response_handle<caf::blocking_actor, caf::message, true>>
      answers;
  // All are asked before the first is waited for: the ticks end at once.
  for (auto& one : runners_)
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
