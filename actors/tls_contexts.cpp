#include "actors/tls_contexts.hpp"

#include <algorithm>
#include <utility>

namespace switchboard::actors {

namespace {

std::shared_ptr<const net::tls_source>
find(const std::map<std::string, std::shared_ptr<net::tls_source>>& all,
     const std::string& name) {
  auto i = all.find(name);
  return i == all.end() ? nullptr : i->second;
}

} // namespace

tls_contexts::tls_contexts(const switchboard_options& options,
                           report_function report)
    : options_(options.tls), keeper_(std::move(report)) {}

caf::expected<std::unique_ptr<tls_contexts>>
tls_contexts::make(const switchboard_options& options,
                   const report_function& report) {
  std::unique_ptr<tls_contexts> result{new tls_contexts{options, report}};
  if (auto failure = result->add_used(options))
    return failure;
  for (auto& what : options.tls)
    if (what.trust_store.insecure)
      report({report::severity::warning,
              "TLS looks at no certificate: whoever is in the way can read and "
              "change all of it",
              {{"tls", what.name}},
              report_part::tls});
  return result;
}

caf::error tls_contexts::add_used(const switchboard_options& options) {
  for (auto& listener : options.listeners)
    if (!listener.tls.empty())
      if (auto failure = add(servers_, net::role::server, listener.tls))
        return failure;
  for (auto& what : options.websockets)
    if (what.client)
      if (auto failure = add(clients_, net::role::client, what.client->tls))
        return failure;
  return caf::none;
}

caf::error tls_contexts::change(const switchboard_options& options) {
  std::lock_guard guard{mutex_};
  auto before = std::exchange(options_, options.tls);
  auto failure = add_used(options);
  struct renewal {
    net::tls_source* source;
    const tls_options* options;
  };
  std::vector<renewal> renewals;
  auto find_changed = [&](sources& all, net::role self) {
    for (auto& [name, source] : all)
      for (auto& wanted : options_) {
        if (failure || wanted.name != name || wanted == source->options())
          continue;
        // Read twice, so that none is renewed where another cannot be.
        std::string problem;
        if (!net::tls_context::make(self, wanted, problem))
          failure = make_error(errc::invalid_argument,
                               "tls `" + name + "`: " + problem);
        renewals.push_back({source.get(), &wanted});
      }
  };
  find_changed(servers_, net::role::server);
  find_changed(clients_, net::role::client);
  if (failure) {
    options_ = std::move(before);
    return failure;
  }
  std::string problem;
  for (auto& [source, wanted] : renewals)
    if (!source->renew(*wanted, problem))
      return make_error(errc::invalid_argument,
                        "tls `" + wanted->name + "`: " + problem);
  return caf::none;
}

caf::error tls_contexts::add(sources& to, net::role self,
                             const std::string& name) {
  if (to.count(name) > 0)
    return caf::none;
  tls_options wanted;
  if (!name.empty()) {
    auto i = std::find_if(options_.begin(), options_.end(),
                          [&](auto& what) { return what.name == name; });
    if (i == options_.end())
      return make_error(errc::invalid_argument,
                        "no TLS context is called `" + name + "`");
    wanted = *i;
  }
  std::string problem;
  auto made = net::tls_source::make(self, wanted, problem);
  if (!made)
    return make_error(errc::invalid_argument, "tls `" + name + "`: " + problem);
  made->start();
  keeper_.add(made);
  to.emplace(name, std::move(made));
  return caf::none;
}

std::shared_ptr<const net::tls_source>
tls_contexts::server(const std::string& name) const {
  std::lock_guard guard{mutex_};
  return name.empty() ? nullptr : find(servers_, name);
}

net::make_secure_wire tls_contexts::client(const std::string& name) const {
  std::lock_guard guard{mutex_};
  auto found = find(clients_, name);
  return found ? net::make_client_wire(std::move(found))
               : net::make_secure_wire{};
}

caf::expected<std::shared_ptr<const net::tls_source>>
tls_contexts::take(net::role self, const std::string& name) {
  std::shared_ptr<const net::tls_source> result;
  {
    std::lock_guard guard{mutex_};
    auto& all = self == net::role::server ? servers_ : clients_;
    if (auto failure = add(all, self, name))
      return failure;
    result = find(all, name);
  }
  watch();
  return result;
}

void tls_contexts::watch() {
  std::lock_guard guard{mutex_};
  if (!watch_ && !stopped_ && !(servers_.empty() && clients_.empty()))
    watch_ = std::make_unique<file_watch>(keeper_);
}

void tls_contexts::stop() {
  std::unique_ptr<file_watch> last;
  std::lock_guard guard{mutex_};
  stopped_ = true;
  last = std::move(watch_);
}

void tls_contexts::renew() {
  std::lock_guard guard{mutex_};
  if (watch_)
    watch_->renew();
}

std::map<std::string, std::chrono::seconds> tls_contexts::expiry() const {
  return keeper_.expiry(tls_keeper::clock::now());
}

} // namespace switchboard::actors
