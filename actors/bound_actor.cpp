#include "actors/bound_actor.hpp"

#include <switchboard/error.hpp>

#include "actors/shard.hpp"

namespace switchboard::actors {

bound_actor::bound_actor(caf::actor_config& config, shard& home)
    : caf::monitorable_actor(config), home_(home.shared_from_this()) {}

void bound_actor::launch() {
  register_at_system();
}

void bound_actor::fail(const char*) {
  quit(caf::exit_reason::unhandled_exception);
}

void bound_actor::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  home_->post(*this, std::move(what));
}

void bound_actor::quit(caf::error reason) {
  if (!alive())
    return;
  cleanup(std::move(reason), nullptr);
  unregister_from_system();
}

void bound_actor::on_exit_message(const caf::error& reason) {
  quit(reason);
}

bool bound_actor::handle_system(caf::mailbox_element& what) {
  auto& content = what.content();
  if (content.match_elements<caf::exit_msg>()) {
    on_exit_message(content.get_as<caf::exit_msg>(0).reason);
    return true;
  }
  return handle_system_message(what, nullptr, true);
}

void bound_actor::refuse(caf::mailbox_element& what) {
  reply{*this, what}.fail(make_error(caf::sec::request_receiver_down));
}

reply::reply(const bound_actor& self, caf::mailbox_element& what) {
  if (!what.mid.is_request())
    return;
  self_ = caf::strong_actor_ptr{self.ctrl()};
  sender_ = std::move(what.sender);
  stages_ = std::move(what.stages);
  id_ = what.mid;
}

void reply::deliver_message(caf::message content) {
  // Without a unit: the receiver is to run where it belongs, not here.
  if (!stages_.empty()) {
    auto next = std::move(stages_.back());
    stages_.pop_back();
    next->enqueue(caf::make_mailbox_element(std::move(sender_), id_,
                                            std::move(stages_),
                                            std::move(content)),
                  nullptr);
    stages_.clear();
  } else if (auto to = std::exchange(sender_, nullptr)) {
    to->enqueue(std::move(self_), id_.response_id(), std::move(content),
                nullptr);
  }
}

} // namespace switchboard::actors
