#include "actors/limits_guard.hpp"

#include <algorithm>
#include <utility>

namespace switchboard::actors {

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;

/// Ticks from one look at the limits to the next.
constexpr std::uint64_t ticks_per_notice = 10;

} // namespace

memory_verdict judge_memory(const std::vector<std::int64_t>& held,
                            std::int64_t elsewhere, std::size_t limit,
                            const std::vector<std::uint64_t>& queued) {
  memory_verdict result;
  auto all = elsewhere;
  double of_shards = 0;
  std::vector<double> parts;
  for (std::size_t i = 0; i < held.size(); ++i) {
    all += held[i];
    auto part = static_cast<double>(std::max<std::int64_t>(held[i], 0));
    if (i < queued.size())
      part += static_cast<double>(queued[i]);
    parts.push_back(part);
    of_shards += part;
  }
  if (all <= 0 || static_cast<std::uint64_t>(all) <= limit)
    return result;
  result.full = true;
  auto excess = static_cast<std::uint64_t>(all) - limit + limit / 16;
  for (auto part : parts) {
    auto share = part > 0 ? part / of_shards : 0.0;
    result.shed.push_back(
        static_cast<std::uint64_t>(share * static_cast<double>(excess)));
  }
  return result;
}

std::vector<switchboard_statistics::named_count> limit_notices::take(
    const std::vector<switchboard_statistics::named_count>& counts,
    time_point now) {
  std::vector<switchboard_statistics::named_count> result;
  for (auto& what : counts) {
    if (what.count == 0)
      continue;
    auto& known = entries_[what.name];
    if (what.count <= known.told || (known.when && now - *known.when < quiet))
      continue;
    result.push_back({what.name, what.count - known.told});
    known = {what.count, now};
  }
  return result;
}

limits_guard::limits_guard(caf::actor_config& config, limits_guard_setup setup)
    : pinned(config), setup_(std::move(setup)) {}

const char* limits_guard::name() const {
  return "switchboard.limits";
}

caf::behavior limits_guard::make_behavior() {
  delayed_send(this, guard_interval, tick_atom::value);
  return {
      [this](tick_atom) {
        look_at_memory();
        if (++ticks_ % ticks_per_notice == 0)
          tell_limits();
        delayed_send(this, guard_interval, tick_atom::value);
      },
      [this](const change_limits& what) { setup_.limits = what.limits; },
  };
}

void limits_guard::look_at_memory() {
  auto held = setup_.held();
  auto verdict = judge_memory(held.shards, held.elsewhere, setup_.limits.memory,
                              held.queued);
  setup_.entry->full.store(verdict.full, std::memory_order_relaxed);
  for (std::size_t i = 0; i < verdict.shed.size(); ++i)
    if (verdict.shed[i] > 0)
      caf::anon_send(caf::actor_cast<caf::actor>(setup_.shards[i]),
                     shed_memory{verdict.shed[i]});
}

void limits_guard::tell_limits() {
  if (!setup_.on_report)
    return;
  for (auto& what : notices_.take(setup_.reached(), system().clock().now()))
    setup_.on_report(
        {report::severity::warning,
         "limit reached",
         {{"limit", what.name}, {"times", std::to_string(what.count)}},
         report_part::limit});
}

} // namespace switchboard::actors
