#include "service/metrics/exposition.hpp"

#include <initializer_list>
#include <map>

#include <prometheus/text_serializer.h>

#include "service/metrics/families.hpp"

namespace switchboard::service::metrics {

using prometheus::MetricType;

namespace {

using named_counts = std::vector<switchboard_statistics::named_count>;

double seconds_of(std::chrono::nanoseconds what) {
  return std::chrono::duration<double>{what}.count();
}

void add_named(families& to, std::string name, std::string help,
               const std::string& label, const named_counts& counts) {
  to.begin(MetricType::Counter, std::move(name), std::move(help));
  for (auto& entry : counts)
    to.add(static_cast<double>(entry.count), {{label, entry.name}});
}

void add_sockets(families& to, const switchboard_statistics& what) {
  to.begin(MetricType::Gauge, "switchboard_sockets", "Sockets now.");
  for (auto& entry : what.sockets)
    to.add(static_cast<double>(entry.count),
           {{"config", entry.config},
            {"type", std::string{name_of(entry.type)}},
            {"state", std::string{name_of(entry.state)}}});
  to.counter("switchboard_sockets_opened_total", "Sockets that were opened.",
             static_cast<double>(what.opened));
  to.begin(MetricType::Counter, "switchboard_sockets_closed_total",
           "Sockets that are gone, by close code and by who ended them.");
  for (auto& entry : what.closed)
    to.add(static_cast<double>(entry.count),
           {{"code", entry.code}, {"by", std::string{name_of(entry.by)}}});
  add_named(to, "switchboard_handshakes_total",
            "Handshakes of inbound sockets.", "outcome", what.handshakes);
  add_named(to, "switchboard_reconnections_total",
            "Attempts to replace lost connections of outbound sockets.",
            "outcome", what.reconnections);
}

void add_traffic(families& to, const switchboard_statistics& what) {
  to.counter("switchboard_messages_received_total",
             "Messages that sockets have received.",
             static_cast<double>(what.messages_received));
  to.counter("switchboard_messages_sent_total",
             "Messages that were handed to the operating system.",
             static_cast<double>(what.messages_sent));
  to.counter("switchboard_bytes_received_total",
             "Payload bytes of received messages, before compression.",
             static_cast<double>(what.bytes_received));
  to.counter("switchboard_bytes_sent_total",
             "Payload bytes of messages to send, before compression.",
             static_cast<double>(what.bytes_sent));
  to.gauge("switchboard_send_queue_bytes", "Bytes in all send queues now.",
           static_cast<double>(what.send_queue_bytes));
  to.gauge("switchboard_memory_bytes",
           "What queues, buffers and sockets hold, as [limits] memory counts "
           "it.",
           static_cast<double>(what.held_bytes));
}

void add_operations(families& to, const switchboard_statistics& what) {
  to.counter("switchboard_broadcasts_total", "Broadcasts.",
             static_cast<double>(what.broadcasts));
  to.counter("switchboard_broadcast_matched_total",
             "Sockets that broadcasts were for.",
             static_cast<double>(what.broadcast_matched));
  add_named(to, "switchboard_broadcast_failures_total",
            "Sockets that broadcasts could not reach, by error.", "error",
            what.broadcast_failures);
  to.begin(MetricType::Histogram, "switchboard_operation_duration_seconds",
           "How long operations took that succeeded; of send, from when the "
           "socket's shard took it up.");
  for (auto& entry : what.operations)
    to.add(entry.times, {{"operation", std::string{name_of(entry.what)}}});
}

void add_health(families& to, const switchboard_statistics& what) {
  to.begin(MetricType::Gauge, "switchboard_loop_lag_seconds",
           "The longest that something had to wait for its shard, of the last "
           "15 seconds.");
  for (std::size_t i = 0; i < what.shards.size(); ++i)
    to.add(seconds_of(what.shards[i].lag), {{"shard", std::to_string(i)}});
  add_named(to, "switchboard_limit_reached_total",
            "How often a limit was reached.", "limit", what.limits);
}

/// By name: one that is no more and one that is may have the same.
std::map<std::string, flows::flow_info>
sums_of(const std::vector<flows::flow_info>& flows) {
  std::map<std::string, flows::flow_info> result;
  for (auto& flow : flows) {
    auto& sum = result[flow.name];
    sum.succeeded += flow.succeeded;
    sum.failures += flow.failures;
    sum.dropped += flow.dropped;
    sum.in_work += flow.in_work;
    sum.waiting += flow.waiting;
    sum.time += flow.time;
    sum.retries += flow.retries;
    sum.dead_letters += flow.dead_letters;
    sum.lost_letters += flow.lost_letters;
    sum.dead_runners += flow.dead_runners;
  }
  return result;
}

void add_flows(families& to,
               const std::map<std::string, flows::flow_info>& flows) {
  using info = flows::flow_info;
  struct outcome {
    const char* name;
    std::uint64_t info::*count;
  };
  auto add = [&](std::initializer_list<outcome> outcomes) {
    for (auto& [name, flow] : flows)
      for (auto& [what, count] : outcomes)
        to.add(static_cast<double>(flow.*count),
               {{"flow", name}, {"outcome", what}});
  };
  auto add_each = [&](MetricType type, const char* family, const char* help,
                      std::uint64_t info::*count) {
    to.begin(type, family, help);
    for (auto& [name, flow] : flows)
      to.add(static_cast<double>(flow.*count), {{"flow", name}});
  };
  to.begin(MetricType::Counter, "switchboard_flow_events_total",
           "Events that flows have worked on.");
  add({{"succeeded", &info::succeeded},
       {"failed", &info::failures},
       {"dropped", &info::dropped}});
  add_each(MetricType::Gauge, "switchboard_flow_events_in_work",
           "Events that flows work on now.", &info::in_work);
  add_each(MetricType::Gauge, "switchboard_flow_events_waiting",
           "Events that wait because max_concurrency is reached.",
           &info::waiting);
  add_each(MetricType::Gauge, "switchboard_flow_dead_runners",
           "Runners that have died and that a reload replaces.",
           &info::dead_runners);
  to.begin(MetricType::Counter, "switchboard_flow_seconds_total",
           "Time that runs of flows have taken, with what they waited for.");
  for (auto& [name, flow] : flows)
    to.add(seconds_of(flow.time), {{"flow", name}});
  add_each(MetricType::Counter, "switchboard_flow_retries_total",
           "Requests to backends made once more, and runs tried again.",
           &info::retries);
  to.begin(MetricType::Counter, "switchboard_flow_dead_letters_total",
           "Events that flows have given up, by whether the dead letter has "
           "taken them.");
  add({{"taken", &info::dead_letters}, {"lost", &info::lost_letters}});
}

void add_object_stores(
    families& to,
    const std::vector<std::pair<std::string, flows::store_statistics>>& all) {
  struct family {
    MetricType type;
    const char* name;
    const char* help;
    std::uint64_t flows::store_statistics::*count;
  };
  static constexpr family each[] = {
      {MetricType::Gauge, "switchboard_object_store_entries",
       "Entries of object stores now.", &flows::store_statistics::entries},
      {MetricType::Counter, "switchboard_object_store_evicted_total",
       "Entries that made room for others, because max_entries was reached.",
       &flows::store_statistics::evicted},
      {MetricType::Counter, "switchboard_object_store_expired_total",
       "Entries that outlived entry_ttl.", &flows::store_statistics::expired},
      {MetricType::Counter, "switchboard_object_store_failures_total",
       "Requests that object stores could not do.",
       &flows::store_statistics::failed},
  };
  for (auto& one : each) {
    to.begin(one.type, one.name, one.help);
    for (auto& [name, counted] : all)
      to.add(static_cast<double>(counted.*one.count), {{"store", name}});
  }
}

void add_certificates(families& to,
                      const std::vector<certificate_expiry>& all) {
  to.begin(MetricType::Gauge, "switchboard_certificate_expiry_seconds",
           "When the first certificate expires, since the Unix epoch.");
  for (auto& entry : all)
    to.add(std::chrono::duration<double>{entry.not_after.time_since_epoch()}
               .count(),
           {{"tls", entry.tls}});
}

} // namespace

std::string expose(const sources& from) {
  families result;
  if (from.statistics) {
    auto what = from.statistics();
    add_sockets(result, what);
    add_traffic(result, what);
    add_operations(result, what);
    add_health(result, what);
  }
  if (from.flows) {
    add_flows(result, sums_of(from.flows()));
  }
  if (from.object_stores)
    add_object_stores(result, from.object_stores());
  if (from.service)
    add_service(result, from.service());
  if (from.certificates)
    add_certificates(result, from.certificates());
  add_process(result);
  prometheus::TextSerializer serializer;
  return static_cast<const prometheus::Serializer&>(serializer)
      .Serialize(result.all());
}

} // namespace switchboard::service::metrics
