#include "actors/tls_keeper.hpp"

#include <algorithm>
#include <utility>

namespace switchboard::actors {

namespace {

using clock = tls_keeper::clock;

/// When the first certificate of an entry expires.
std::optional<clock::time_point>
first_end(const std::vector<std::shared_ptr<net::tls_source>>& sources) {
  std::optional<clock::time_point> result;
  for (auto& source : sources)
    if (auto end = source->current()->expires())
      result = result ? std::min(*result, *end) : *end;
  return result;
}

std::string text_of(std::chrono::nanoseconds left) {
  if (left.count() < 0)
    return "the certificate has expired";
  auto days = std::chrono::floor<std::chrono::hours>(left).count() / 24;
  if (days < 1)
    return "the certificate expires within a day";
  return "the certificate expires in " + std::to_string(days)
         + (days == 1 ? " day" : " days");
}

} // namespace

tls_keeper::tls_keeper(report_function report) : report_(std::move(report)) {}

void tls_keeper::add(std::shared_ptr<net::tls_source> source) {
  std::lock_guard guard{mutex_};
  entries_[source->options().name].sources.push_back(std::move(source));
}

void tls_keeper::look(clock::time_point now) {
  std::unique_lock guard{mutex_};
  for (auto& [name, of] : entries_) {
    look_at_files(name, of);
    look_at_expiry(name, of, now);
  }
  tell(guard);
}

void tls_keeper::renew() {
  std::unique_lock guard{mutex_};
  for (auto& [name, of] : entries_)
    read(name, of);
  tell(guard);
}

std::map<std::string, std::chrono::seconds>
tls_keeper::expiry(clock::time_point now) const {
  std::map<std::string, std::chrono::seconds> result;
  std::lock_guard guard{mutex_};
  for (auto& [name, of] : entries_)
    if (auto end = first_end(of.sources))
      result[name] = std::chrono::floor<std::chrono::seconds>(*end - now);
  return result;
}

void tls_keeper::look_at_files(const std::string& name, entry& of) {
  // All of an entry are of the same files.
  auto& source = *of.sources.front();
  auto now = source.stamps();
  auto stale =
      std::any_of(of.sources.begin(), of.sources.end(),
                  [&](auto& each) { return each->stamps_read() != now; });
  if (!stale) {
    of.changing.reset();
  } else if (of.changing == now) {
    of.changing.reset();
    read(name, of);
  } else {
    of.changing = std::move(now);
  }
}

void tls_keeper::look_at_expiry(const std::string& name, entry& of,
                                clock::time_point now) {
  auto end = first_end(of.sources);
  if (!end || *end - now > notice)
    return;
  if (of.warned_of == end && now - *of.warned < std::chrono::hours{24})
    return;
  of.warned = now;
  of.warned_of = end;
  note(report::severity::warning, text_of(*end - now), name);
}

void tls_keeper::read(const std::string& name, entry& of) {
  // All of them, so that each knows what it has looked at.
  std::string problem;
  for (auto& source : of.sources)
    if (std::string own; !source->renew(own) && problem.empty())
      problem = std::move(own);
  if (!problem.empty())
    note(report::severity::error,
         "what is in force stays, TLS cannot be renewed: " + problem, name);
  else if (!name.empty())
    note(report::severity::info, "TLS renewed", name);
}

void tls_keeper::note(report::severity level, std::string text,
                      const std::string& name) {
  notes_.push_back({level, std::move(text), {{"tls", name}}, report_part::tls});
}

void tls_keeper::tell(std::unique_lock<std::mutex>& guard) {
  auto notes = std::exchange(notes_, {});
  guard.unlock();
  if (report_)
    for (auto& what : notes)
      report_(what);
}

} // namespace switchboard::actors
