#pragma once

#include <utility>

#include <caf/all.hpp>

namespace switchboard {

/// Makes an event-based actor run on one shard's thread only, whoever wakes
/// it: `class my_actor : public pinned<caf::event_based_actor>`. Spawn it with
/// `instance::spawn_pinned`.
template <class Base>
class pinned : public Base {
public:
  explicit pinned(caf::actor_config& config)
      : Base(config), unit_(config.host) {}

  using Base::enqueue;

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    Base::enqueue(std::move(what), unit_);
  }

  void enqueue(caf::strong_actor_ptr sender, caf::message_id id,
               caf::message content, caf::execution_unit*) override {
    Base::enqueue(caf::make_mailbox_element(std::move(sender), id, {},
                                            std::move(content)),
                  unit_);
  }

  /// The shard's.
  caf::execution_unit* unit() const noexcept {
    return unit_;
  }

private:
  caf::execution_unit* unit_;
};

} // namespace switchboard
