#include "actors/outbound_exchange.hpp"

#include <algorithm>

#include "actors/outbound_opener.hpp"

namespace switchboard::actors {

caf::behavior outbound_exchange(caf::event_based_actor* self,
                                const registry_actor& registry,
                                const std::vector<withdrawal>& unwanted,
                                const std::vector<outbound_options>& wanted,
                                const report_function& report) {
  auto at_once = wanted;
  for (auto& [keeper, id] : unwanted) {
    std::vector<outbound_options> next;
    auto i = std::find_if(at_once.begin(), at_once.end(),
                          [&](auto& what) { return what.socket_id == id; });
    if (i != at_once.end()) {
      next.push_back(std::move(*i));
      at_once.erase(i);
    }
    auto open = [self, registry, next, report] {
      if (!next.empty())
        self->spawn(outbound_opener, registry, next, report);
    };
    self->request(keeper, caf::infinite, withdraw_outbound{id})
        .then(open, [open](const caf::error&) { open(); });
  }
  if (!at_once.empty())
    self->spawn(outbound_opener, registry, at_once, report);
  // No behavior: it ends behind the last answer.
  return {};
}

} // namespace switchboard::actors
