#include "actors/shard_taps.hpp"

#include <algorithm>
#include <utility>

#include "actors/shard.hpp"
#include "actors/socket.hpp"

namespace switchboard::actors {

namespace {

/// How long nothing but losses may go untold.
constexpr std::chrono::seconds loss_interval{1};

bool is_message(tap_event_kind kind) noexcept {
  return kind == tap_event_kind::message || kind == tap_event_kind::sent;
}

} // namespace

shard_taps::~shard_taps() {
  home_.set_taps(nullptr);
}

void shard_taps::add(std::shared_ptr<const tap_order> order) {
  auto seed = (order->id << 16) + home_.index();
  auto sample = order->sample;
  taps_.push_back(
      {std::move(order), tap_sampler{sample, seed}, {}, 0, 0, false});
  home_.set_taps(this);
}

void shard_taps::remove(std::uint64_t id) {
  std::erase_if(taps_, [=](auto& each) { return each.order->id == id; });
  forgotten();
}

void shard_taps::end_all() {
  for (auto& each : taps_)
    if (!each.waiting.events.empty() || each.waiting.left_out.any())
      send(each);
  taps_.clear();
  forgotten();
}

/// Some taps are gone.
void shard_taps::forgotten() {
  if (!taps_.empty())
    return;
  home_.set_taps(nullptr);
  home_.loop().disarm(*this);
  begun_.clear();
}

// -- what sockets do
// ----------------------------------------------------------------

bool shard_taps::wants(const tap& what, const socket& who) {
  auto& order = *what.order;
  if (what.over
      || (!order.socket_id.empty()
          && order.socket_id != who.identity().socket_id())
      || !order.filter.matches_attributes(who))
    return false;
  auto& groups = order.filter.groups;
  return groups.empty()
         || std::any_of(
             who.memberships.begin(), who.memberships.end(), [&](auto& entry) {
               return std::find(groups.begin(), groups.end(), entry.group->name)
                      != groups.end();
             });
}

void shard_taps::tell(socket& who, tap_event_kind kind,
                      const tapped_content& content) {
  for (auto& each : taps_) {
    if (!wants(each, who))
      continue;
    tap_event what;
    what.kind = kind;
    what.size = content.size;
    what.binary = content.binary;
    offer(each, who, what, content.bytes);
  }
}

void shard_taps::tell(socket& who, tap_event_kind kind,
                      const close_outcome& outcome) {
  for (auto& each : taps_) {
    auto ends = kind == tap_event_kind::closed
                && each.order->socket_id == who.identity().socket_id();
    if (wants(each, who)) {
      tap_event what;
      what.kind = kind;
      what.outcome = outcome;
      offer(each, who, what, {});
    }
    each.over |= ends;
  }
}

/// Takes an event in where it is drawn and there is room.
void shard_taps::offer(tap& to, socket& who, tap_event& what,
                       std::string_view content) {
  auto& [events, lost] = to.waiting;
  auto& order = *to.order;
  content = content.substr(0, order.payload_limit);
  if (is_message(what.kind) && !to.sampler.take())
    ++lost.not_sampled;
  else if (events.size() >= max_tap_backlog
           || (!content.empty()
               && to.waiting_bytes + content.size() > max_tap_backlog_bytes))
    ++lost.overflowed;
  else if (order.pace.take(order.rate, home_.loop().now()).count() > 0)
    ++lost.over_rate;
  else {
    what.time = caf::make_timestamp();
    what.attributes = who.attributes();
    what.payload = content;
    to.waiting_bytes += content.size();
    events.push_back(std::move(what));
    return;
  }
  note_loss();
}

void shard_taps::part(socket& who, bool first, bool last,
                      const tapped_content& bytes) {
  if (first && begun_.size() < max_tapped_parts)
    begun_.try_emplace(&who);
  auto found = begun_.find(&who);
  if (found == begun_.end()) {
    // Its size is not known: the tap is younger, or there are too many.
    if (last)
      for (auto& each : taps_)
        if (wants(each, who)) {
          ++each.waiting.left_out.overflowed;
          note_loss();
        }
    return;
  }
  std::size_t most = 0;
  for (auto& each : taps_)
    most = std::max<std::size_t>(most, each.order->payload_limit);
  auto& [begin, size] = found->second;
  begin += bytes.bytes.substr(0, most - std::min(most, begin.size()));
  size += bytes.bytes.size();
  if (!last)
    return;
  auto whole = std::move(found->second);
  begun_.erase(found);
  tell(who, tap_event_kind::message, {whole.bytes, whole.size, bytes.binary});
}

// -- targets
// -----------------------------------------------------------------------

void shard_taps::flush() {
  for (auto& each : taps_) {
    if (each.over)
      finish(each, "the socket is gone");
    else if (each.asked == 0 && !each.waiting.events.empty())
      send(each);
  }
  forget_over();
}

void shard_taps::send(tap& to) {
  to.asked = ++last_request_;
  to.waiting_bytes = 0;
  // Without a unit: the target is to run where it belongs, not here.
  to.order->target->enqueue(
      caf::strong_actor_ptr{self_.ctrl()}, caf::make_message_id(to.asked),
      caf::make_message(std::exchange(to.waiting, {})), nullptr);
}

void shard_taps::finish(tap& what, const char* reason) {
  if (!what.waiting.events.empty() || what.waiting.left_out.any())
    send(what);
  what.order->target->enqueue(caf::strong_actor_ptr{self_.ctrl()},
                              caf::message_id{},
                              caf::make_message(tap_end{reason}), nullptr);
  tell_over(*what.order);
}

/// The registry may have another tap instead.
void shard_taps::tell_over(const tap_order& order) {
  if (order.registry)
    order.registry->enqueue(caf::strong_actor_ptr{self_.ctrl()},
                            caf::message_id{},
                            caf::make_message(tap_over{order.id}), nullptr);
}

void shard_taps::forget_over() {
  if (std::erase_if(taps_, [](auto& each) { return each.over; }) > 0)
    forgotten();
}

void shard_taps::answered(const caf::mailbox_element& what) {
  auto id = what.mid.request_id().integer_value();
  auto found = std::find_if(taps_.begin(), taps_.end(),
                            [=](auto& each) { return each.asked == id; });
  if (found == taps_.end())
    return;
  found->asked = 0;
  if (what.content().match_elements<caf::error>()) {
    tell_over(*found->order);
    return remove(found->order->id);
  }
  if (!found->waiting.events.empty())
    send(*found);
}

void shard_taps::note_loss() {
  if (!armed())
    home_.loop().arm(*this, home_.loop().now() + loss_interval);
}

void shard_taps::on_timer() {
  auto left = false;
  for (auto& each : taps_) {
    auto lost = each.waiting.left_out.any();
    if (lost && each.asked == 0)
      send(each);
    else
      left |= lost;
  }
  if (left)
    note_loss();
}

} // namespace switchboard::actors
