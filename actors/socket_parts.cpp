#include "actors/socket.hpp"

#include <exception>
#include <utility>

#include "actors/shard.hpp"

// The way of a message that comes in parts.

namespace switchboard::actors {

void socket::prepare_parts() {
  connection_->deliver_parts(handler_ != nullptr ? handler_->part_size() : 0);
}

bool socket::on_part(net::opcode op, std::span<const std::byte> bytes,
                     net::part_place place) {
  if (home().taps() != nullptr)
    tell_part(op, bytes, place);
  if (handler_ == nullptr || handler_->deaf())
    return true;
  try {
    if (place.first) {
      parts_ = handler_->on_parts(*this, op == net::opcode::binary);
      owed_ += parts_ ? 1 : 0;
    }
    if (!parts_)
      return true;
    held_ = !parts_->add(
        {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    if (!place.last)
      return !held_;
    held_ = false;
    auto whole = std::exchange(parts_, nullptr);
    // A handler may have called `done` for this very message.
    if (whole->finish() && owed_ > 0)
      --owed_;
  } catch (const std::exception& failure) {
    drop_parts();
    handler_failed(failure.what());
  }
  if (gone_)
    settle();
  return owed_ < route_.messages->credit;
}

void socket::read_on() {
  if (std::exchange(held_, false) && connection_)
    connection_->resume();
}

/// The rest of a message will not come.
void socket::drop_parts() {
  if (home().taps() != nullptr)
    tell_part_dropped();
  held_ = false;
  if (std::exchange(parts_, nullptr) && owed_ > 0)
    --owed_;
}

/// A call of the handler's has thrown.
void socket::handler_failed(const char* why) {
  handler_->fail();
  host_.event_failed(*this, caf::make_error(caf::sec::runtime_error, why));
  owed_ = 0;
  close(close_codes::internal_error, "the handler has died", {},
        closed_by::handler);
}

} // namespace switchboard::actors
