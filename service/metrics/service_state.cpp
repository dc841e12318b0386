#include "service/metrics/service_state.hpp"

namespace switchboard::service::metrics {

void add_service(families& to, const service_state& what) {
  auto& reloads = what.reloads;
  to.gauge("switchboard_config_last_reload_successful",
           "Whether the last reload of the configuration file was applied.",
           reloads.successful ? 1 : 0);
  to.gauge(
      "switchboard_config_last_reload_success_timestamp_seconds",
      "When the configuration file was last applied, since the Unix "
      "epoch.",
      std::chrono::duration<double>{reloads.last_success.time_since_epoch()}
          .count());
  to.gauge("switchboard_config_keys_awaiting_restart",
           "Keys of the configuration file that need a restart to apply.",
           static_cast<double>(reloads.waiting));
  to.begin(prometheus::MetricType::Counter, "switchboard_reloads_total",
           "Reloads of the configuration file.");
  to.add(static_cast<double>(reloads.applied), {{"outcome", "applied"}});
  to.add(static_cast<double>(reloads.failed), {{"outcome", "failed"}});
  to.add(static_cast<double>(reloads.refused), {{"outcome", "refused"}});
  to.gauge("switchboard_draining", "Whether a drain has begun.",
           what.draining ? 1 : 0);
  to.counter("switchboard_log_left_out_total",
             "Lines of the log that were left out because they repeat others.",
             static_cast<double>(what.left_out_lines));
}

} // namespace switchboard::service::metrics
