#include "service/api/ask.hpp"
#include "service/api/json.hpp"
#include "service/api/routes.hpp"

namespace switchboard::service::api {

namespace {

/// @param status of the answer.
question progress(unsigned status, const backend& served) {
  return ask<config_list>(
      list_configs_request{},
      [status, stage = served.drain_stage](const config_list& found) {
        std::uint64_t sockets = 0;
        for (auto& config : found.configs)
          sockets += config.sockets;
        boost::json::object body;
        body["state"] = stage();
        body["sockets"] = sockets;
        return json_answer(status, body);
      });
}

outcome show(const request&, const backend& served) {
  return progress(200, served);
}

outcome begin(const request&, const backend& served) {
  served.drain();
  return progress(202, served);
}

} // namespace

std::vector<route> drain_routes() {
  return {
      {"GET",
       "/v1/drain",
       "getDrain",
       "How far a drain has come",
       "",
       {},
       {},
       body_kind::none,
       {{200, "Its state, and the sockets that are left.", "Drain"}},
       false,
       show},
      {"POST",
       "/v1/drain",
       "beginDrain",
       "Take the switchboard out of service",
       "Not ready any more; after the configured pause nothing is accepted and "
       "every socket is closed in batches, outbound ones last. The process "
       "goes "
       "on. Again it changes nothing.",
       {},
       {},
       body_kind::none,
       {{202, "It has begun, or had before.", "Drain"}},
       false,
       begin},
  };
}

} // namespace switchboard::service::api
