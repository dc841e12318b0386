#include "actors/outbound_opener.hpp"

namespace switchboard::actors {

caf::behavior outbound_opener(caf::event_based_actor* self,
                              const registry_actor& registry,
                              const std::vector<outbound_options>& wanted,
                              const report_function& report) {
  for (auto& what : wanted)
    self->request(registry, caf::infinite, what)
        .then([](const std::string&) {},
              [report, config = what.config,
               id = what.socket_id](const caf::error& why) {
                auto text = describe(why);
                report({report::severity::error,
                        "an outbound socket is missing",
                        {{"socket", id},
                         {"config", config},
                         {"error", text.type},
                         {"detail", text.message}},
                        report_part::outbound});
              });
  // No behavior: it ends behind the last answer.
  return {};
}

} // namespace switchboard::actors
