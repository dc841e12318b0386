#include "actors/tls_contexts.hpp"

#include <algorithm>
#include <utility>

#include "actors/internal.hpp"
#include "net/tls_wire.hpp"

namespace switchboard::actors {

namespace {

std::shared_ptr<const net::tls_context>
find(const std::map<std::string, std::shared_ptr<const net::tls_context>>& all,
     const std::string& name) {
  auto i = all.find(name);
  return i == all.end() ? nullptr : i->second;
}

} // namespace

caf::expected<tls_contexts>
tls_contexts::make(const switchboard_options& options,
                   const report_function& report) {
  tls_contexts result;
  for (auto& listener : options.listeners)
    if (!listener.tls.empty())
      if (auto failure = result.add(result.servers_, net::role::server,
                                    listener.tls, options))
        return failure;
  for (auto& what : options.websockets)
    if (what.client)
      if (auto failure = result.add(result.clients_, net::role::client,
                                    what.client->tls, options))
        return failure;
  for (auto& what : options.tls)
    if (what.trust_store.insecure && report)
      report({report::severity::warning,
              "TLS looks at no certificate: whoever is in the way can read and "
              "change all of it",
              {{"tls", what.name}}});
  return result;
}

caf::error tls_contexts::add(contexts& to, net::role self,
                             const std::string& name,
                             const switchboard_options& options) {
  if (to.count(name) > 0)
    return caf::none;
  tls_options wanted;
  if (!name.empty()) {
    auto i = std::find_if(options.tls.begin(), options.tls.end(),
                          [&](auto& what) { return what.name == name; });
    if (i == options.tls.end())
      return make_error(errc::invalid_argument,
                        "no TLS context is called `" + name + "`");
    wanted = *i;
  }
  std::string problem;
  auto made = net::tls_context::make(self, wanted, problem);
  if (!made)
    return make_error(errc::invalid_argument, "tls `" + name + "`: " + problem);
  made->start();
  to.emplace(name, std::move(made));
  return caf::none;
}

std::shared_ptr<const net::tls_context>
tls_contexts::server(const std::string& name) const {
  return name.empty() ? nullptr : find(servers_, name);
}

net::make_secure_wire tls_contexts::client(const std::string& name) const {
  auto found = find(clients_, name);
  return found ? net::make_client_wire(std::move(found))
               : net::make_secure_wire{};
}

} // namespace switchboard::actors
