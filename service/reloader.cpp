#include "service/reloader.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <switchboard/error.hpp>

#include "service/systemd/notifier.hpp"

namespace switchboard::service {

namespace {

using status = reload_outcome::status;

/// Requests that may wait for their turn.
constexpr std::size_t most_waiting = 16;

bool is_applied(const config::key_change& what) {
  return what.effect != config::reload_effect::needs_restart;
}

bool is_of(const config::key_change& what, std::string_view section) {
  return what.key.front() == section;
}

/// Whether something of a section is to be applied.
bool touches(const reload_outcome& what, std::string_view section) {
  return std::any_of(what.changes.begin(), what.changes.end(),
                     [&](auto& change) {
                       return is_applied(change) && is_of(change, section);
                     });
}

/// Whether something is to be applied that sockets or flows notice.
bool touches_sockets(const reload_outcome& what) {
  return std::any_of(
      what.changes.begin(), what.changes.end(), [](auto& change) {
        return is_applied(change) && !is_of(change, "log")
               && !is_of(change, "admin") && !is_of(change, "runtime");
      });
}

std::string text_of(const caf::error& why) {
  auto text = describe(why);
  return text.type + ": " + text.message;
}

} // namespace

reloader::reloader(parts what, std::optional<std::filesystem::path> file,
                   config::key_values in_force)
    : parts_(std::move(what)),
      file_(std::move(file)),
      in_force_(std::move(in_force)),
      thread_([this] { run(); }) {}

reloader::~reloader() {
  stop();
}

void reloader::hang_up() {
  std::lock_guard guard{mutex_};
  auto waits = std::any_of(jobs_.begin(), jobs_.end(),
                           [](auto& what) { return !what.done; });
  if (stopped_ || waits)
    return;
  jobs_.push_back({});
  changed_.notify_all();
}

void reloader::ask(bool dry_run, answer done) {
  reload_outcome refused;
  refused.what = status::refused;
  refused.dry_run = dry_run;
  {
    std::lock_guard guard{mutex_};
    if (!stopped_ && jobs_.size() < most_waiting) {
      jobs_.push_back({dry_run, std::move(done)});
      changed_.notify_all();
      return;
    }
    refused.problem = stopped_ ? "the switchboard is stopping"
                               : "too many reloads wait already";
  }
  done(refused);
}

void reloader::stop() {
  {
    std::lock_guard guard{mutex_};
    stopped_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable())
    thread_.join();
}

void reloader::run() {
  std::unique_lock guard{mutex_};
  for (;;) {
    changed_.wait(guard, [this] { return stopped_ || !jobs_.empty(); });
    if (jobs_.empty())
      return;
    auto next = std::move(jobs_.front());
    jobs_.pop_front();
    auto refused = stopped_;
    guard.unlock();
    reload_outcome outcome;
    if (refused) {
      outcome.what = status::refused;
      outcome.problem = "the switchboard is stopping";
    } else {
      outcome = work(next);
    }
    outcome.dry_run = next.dry_run;
    parts_.status->note(outcome, std::chrono::system_clock::now());
    tell(next, outcome);
    if (next.done)
      next.done(outcome);
    guard.lock();
  }
}

std::string reloader::refusal() const {
  if (parts_.drains->stage() != drain_stage::none)
    return "the switchboard is being drained";
  if (!file_)
    return "the built-in demonstration runs: there is no file to read again";
  return {};
}

reload_outcome reloader::work(const job& what) {
  reload_outcome result;
  result.problem = refusal();
  if (!result.problem.empty()) {
    result.what = status::refused;
    return result;
  }
  auto checked = check(config::load_file(*file_));
  if (!checked.diagnostics.empty()) {
    result.what = status::wrong_file;
    auto count = checked.diagnostics.size();
    result.problem = "the configuration file has " + std::to_string(count)
                     + (count == 1 ? " mistake" : " mistakes")
                     + "; nothing has changed";
    result.diagnostics = std::move(checked.diagnostics);
    return result;
  }
  result.changes = config::compare(in_force_, checked.keys);
  if (what.dry_run)
    return result;
  systemd::notify_reloading();
  result.problem = apply(checked, result);
  systemd::notify_ready();
  if (!result.problem.empty()) {
    result.what = status::failed;
    return result;
  }
  in_force_ = config::in_force(in_force_, checked.keys, result.changes);
  // Who sends a signal has done so.
  if (what.done)
    parts_.sockets->renew_tls();
  return result;
}

std::string reloader::apply(checked_configuration& what,
                            const reload_outcome& changes) {
  auto& document = what.value;
  auto& options = document.switchboard;
  parts_.complete(options);
  // First what may fail and changes nothing then.
  auto sockets = touches_sockets(changes) || parts_.flows->has_dead_runners();
  if (sockets) {
    if (auto missing = parts_.flows->find_stores(*what.program))
      return text_of(missing);
    if (auto problem = parts_.sockets->begin_reload(options))
      return text_of(problem);
  }
  std::string problem;
  if (touches(changes, "log") && !parts_.lines->change(document.log, problem))
    problem = "the log cannot be opened: " + problem;
  if (sockets) {
    if (auto failed = parts_.flows->reload(
            what.program,
            {[this](auto& name) { return parts_.sockets->client_tls(name); },
             options.proxies}))
      problem += (problem.empty() ? "" : "; ") + text_of(failed);
    parts_.sockets->finish_reload();
  }
  if (touches(changes, "admin"))
    parts_.api->change_tokens(document.admin.tokens);
  if (touches(changes, "runtime"))
    parts_.drains->change(options.runtime.drain);
  parts_.on_applied(document);
  return problem;
}

void reloader::tell(const job& of, const reload_outcome& what) const {
  auto write = [this](log_level level, std::string_view text,
                      const string_pairs& fields) {
    parts_.lines->write(level, text, fields, report_part::reload);
  };
  string_pairs by{{"by", of.done ? "the management API" : "SIGHUP"}};
  for (auto& wrong : what.diagnostics)
    write(log_level::error, config::render(wrong, file_->string()), {});
  switch (what.what) {
    case status::refused:
      write(log_level::warn, "no reload: " + what.problem, by);
      return;
    case status::wrong_file:
      write(log_level::error, "no reload: " + what.problem, by);
      return;
    case status::failed:
      write(log_level::error, "the reload has failed: " + what.problem, by);
      return;
    case status::done:
      break;
  }
  if (what.dry_run)
    return;
  std::size_t waiting = 0;
  for (auto& change : what.changes) {
    waiting += is_applied(change) ? 0 : 1;
    string_pairs fields{
        {"key", config::to_string(change.key)},
        {"change", std::string{config::name_of(change.kind)}},
        {"effect", std::string{config::name_of(change.effect)}}};
    if (!change.note.empty())
      fields.emplace_back("note", change.note);
    write(log_level::info, "reload", fields);
  }
  by.emplace_back("changes", std::to_string(what.changes.size()));
  by.emplace_back("need_restart", std::to_string(waiting));
  write(log_level::info, "reloaded", by);
}

} // namespace switchboard::service
