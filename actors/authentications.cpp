#include "actors/authentications.hpp"

#include <utility>

namespace switchboard::actors {

authentications::~authentications() {
  stop();
}

caf::expected<authentications::source_map>
authentications::make(const switchboard_options& options) {
  source_map result;
  for (auto& listener : options.listeners) {
    if (!listener.authentication)
      continue;
    std::string problem;
    auto made =
        net::authentication_source::make(*listener.authentication, problem);
    if (!made)
      return make_error(errc::invalid_argument,
                        "listener `" + listener.name + "`: " + problem);
    result.emplace(listener.name, std::move(made));
  }
  return result;
}

void authentications::take(source_map next) {
  std::map<std::string, entry> entries;
  std::lock_guard guard{mutex_};
  for (auto& [name, made] : next) {
    // A listener whose options stay is not told of another source.
    auto i = entries_.find(name);
    if (i != entries_.end() && i->second.source->options() == made->options()) {
      i->second.source->use(*made);
      made = i->second.source;
    }
    entries[name].source = std::move(made);
  }
  entries_ = std::move(entries);
}

std::shared_ptr<const net::authentication_source>
authentications::of(const std::string& listener) const {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(listener);
  return i == entries_.end() ? nullptr : i->second.source;
}

void authentications::watch() {
  std::lock_guard guard{mutex_};
  if (!watch_ && !stopped_ && !entries_.empty())
    watch_ = std::make_unique<file_watch>(static_cast<file_keeper&>(*this));
}

void authentications::renew_all() {
  std::lock_guard guard{mutex_};
  if (watch_)
    watch_->renew();
}

void authentications::stop() {
  std::unique_ptr<file_watch> last;
  {
    std::lock_guard guard{mutex_};
    stopped_ = true;
    last = std::move(watch_);
  }
}

authentications::source_map authentications::sources() const {
  source_map result;
  std::lock_guard guard{mutex_};
  for (auto& [name, what] : entries_)
    result.emplace(name, what.source);
  return result;
}

void authentications::look(std::chrono::system_clock::time_point) {
  for (auto& [name, source] : sources()) {
    auto now = source->stamps();
    auto stale = source->stamps_read() != now;
    {
      std::lock_guard guard{mutex_};
      auto i = entries_.find(name);
      if (i == entries_.end())
        continue;
      auto& changing = i->second.changing;
      auto rests = changing == now;
      changing = stale && !rests ? std::optional{std::move(now)} : std::nullopt;
      stale = stale && rests;
    }
    if (stale)
      read(name, *source);
  }
}

void authentications::renew() {
  for (auto& [name, source] : sources())
    read(name, *source);
}

void authentications::read(const std::string& listener,
                           net::authentication_source& source) {
  std::string problem;
  auto good = source.renew(problem);
  if (!report_)
    return;
  if (good)
    report_({report::severity::info,
             "authentication renewed",
             {{"listener", listener}},
             report_part::listener});
  else
    report_(
        {report::severity::error,
         "what is in force stays, authentication cannot be renewed: " + problem,
         {{"listener", listener}},
         report_part::listener});
}

} // namespace switchboard::actors
