#define CAF_SUITE metrics
#include <caf/test/unit_test.hpp>

#include <set>
#include <sstream>

#include "service/metrics/exposition.hpp"

using namespace switchboard;
using namespace switchboard::service;
using namespace std::chrono_literals;

namespace {

/// Whether the text has this line.
bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

} // namespace

CAF_TEST(numbers become samples with labels) {
  switchboard_statistics what;
  what.sockets.push_back(
      {"chat", socket_type::outbound, socket_state::reconnecting, 3});
  what.closed.push_back({"4000-4999", closed_by::slow_consumer, 2});
  what.messages_received = 9'007'199'254'740'991;
  what.shards.push_back({1500us, 7});
  switchboard_statistics::operation_times times;
  times.what = operation_kind::broadcast;
  times.times.counts[0] = 2;
  times.times.counts[4] = 1;
  times.times.counts.back() = 1;
  times.times.sum = 1500ms;
  what.operations.push_back(times);
  flows::flow_info flow;
  flow.name = "one \"two\"\n";
  flow.succeeded = 5;
  flow.failures = 1;
  auto text = metrics::expose({
      [&] { return what; },
      [&] { return std::vector{flow}; },
      [] {
        return std::vector<metrics::certificate_expiry>{
            {"edge", std::chrono::system_clock::time_point{1'700'000'000s}}};
      },
  });
  CAF_CHECK(has(text, "# TYPE switchboard_sockets gauge"));
  CAF_CHECK(has(text, "switchboard_sockets{config=\"chat\",type=\"OUTBOUND\","
                      "state=\"reconnecting\"} 3"));
  CAF_CHECK(has(text, "switchboard_sockets_closed_total{code=\"4000-4999\",by="
                      "\"slow_consumer\"} 2"));
  CAF_CHECK(has(text, "switchboard_messages_received_total 9007199254740991"));
  CAF_CHECK(has(text, "switchboard_loop_lag_seconds{shard=\"0\"} 0.0015"));
  CAF_CHECK(has(text, "switchboard_certificate_expiry_seconds{tls=\"edge\"} "
                      "1700000000"));
  CAF_CHECK(has(text, "switchboard_flow_events_total{flow=\"one "
                      "\\\"two\\\"\\n\",outcome=\"succeeded\"} 5"));
  auto name = std::string{"switchboard_operation_duration_seconds"};
  CAF_CHECK(has(text, name + "_count{operation=\"broadcast\"} 4"));
  CAF_CHECK(has(text, name + "_sum{operation=\"broadcast\"} 1.5"));
  CAF_CHECK(
      has(text, name + "_bucket{operation=\"broadcast\",le=\"0.0001\"} 2"));
  CAF_CHECK(has(text, name + "_bucket{operation=\"broadcast\",le=\"30\"} 3"));
  CAF_CHECK(has(text, name + "_bucket{operation=\"broadcast\",le=\"+Inf\"} 4"));
}

CAF_TEST(a flow that is gone and one of its name are one in metrics) {
  flows::flow_info gone;
  gone.name = "one";
  gone.removed = true;
  gone.retries = 2;
  gone.dropped = 1;
  gone.dead_letters = 3;
  gone.time = 1500ms;
  auto fresh = gone;
  fresh.removed = false;
  fresh.waiting = 4;
  fresh.in_work = 1;
  fresh.dead_runners = 2;
  auto text = metrics::expose({nullptr,
                               [&] {
                                 return std::vector{gone, fresh};
                               },
                               nullptr});
  CAF_CHECK(has(text, "switchboard_flow_retries_total{flow=\"one\"} 4"));
  CAF_CHECK(has(text, "switchboard_flow_events_total{flow=\"one\",outcome="
                      "\"dropped\"} 2"));
  CAF_CHECK(has(text, "switchboard_flow_dead_letters_total{flow=\"one\","
                      "outcome=\"taken\"} 6"));
  CAF_CHECK(has(text, "switchboard_flow_seconds_total{flow=\"one\"} 3"));
  CAF_CHECK(has(text, "switchboard_flow_events_waiting{flow=\"one\"} 4"));
  CAF_CHECK(has(text, "switchboard_flow_events_in_work{flow=\"one\"} 1"));
  CAF_CHECK(has(text, "switchboard_flow_dead_runners{flow=\"one\"} 2"));
  // A scrape with two samples of the same labels is refused as a whole.
  std::set<std::string> samples;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    if (!line.starts_with('#'))
      CAF_CHECK(samples.insert(line.substr(0, line.rfind(' '))).second);
}

CAF_TEST(the service tells of reloads drain and log) {
  metrics::service_state state;
  state.reloads.successful = false;
  state.reloads.last_success = reload_status::time_point{1'700'000'000s};
  state.reloads.waiting = 2;
  state.reloads.failed = 3;
  state.draining = true;
  state.left_out_lines = 7;
  auto text = metrics::expose({nullptr, nullptr, nullptr, nullptr, [&] {
                                 return state;
                               }});
  for (auto line : {
           "switchboard_config_last_reload_successful 0",
           "switchboard_config_last_reload_success_timestamp_seconds "
           "1700000000",
           "switchboard_config_keys_awaiting_restart 2",
           "switchboard_reloads_total{outcome=\"failed\"} 3",
           "switchboard_reloads_total{outcome=\"applied\"} 0",
           "switchboard_draining 1",
           "switchboard_log_left_out_total 7",
       })
    CAF_CHECK(has(text, line));
}

CAF_TEST(the process tells of itself) {
  auto text = metrics::expose({});
  for (auto name : {"process_cpu_seconds_total", "process_open_fds",
                    "process_resident_memory_bytes"})
    CAF_CHECK(text.find(std::string{"\n"} + name + " ") != std::string::npos);
  CAF_CHECK(text.find("switchboard_") == std::string::npos);
}
