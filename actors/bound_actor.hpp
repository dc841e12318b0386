#pragma once

#include <memory>
#include <utility>

#include <caf/all.hpp>

namespace switchboard::actors {

class shard;

/// An actor that lives on one shard's thread and has no mailbox of its own:
/// the shard's inbox is its mailbox, so that an idle one costs little more
/// than its state. Takes messages, requests, links and monitors like any
/// actor; has no behaviors.
class bound_actor : public caf::monitorable_actor {
public:
  bound_actor(caf::actor_config& config, shard& home);

  using caf::monitorable_actor::enqueue;

  /// Hands a message to the shard. Any thread.
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override;

  /// Handles one message. The shard's thread only.
  virtual void receive(caf::mailbox_element& what) = 0;

  /// Answers a request that came too late.
  virtual void refuse(caf::mailbox_element& what);

  /// `receive` has thrown; by default that ends the actor.
  virtual void fail(const char* what);

  /// Counts as running from here on.
  void launch();

  bool alive() const noexcept {
    return getf(is_registered_flag);
  }

  shard& home() const noexcept {
    return *home_;
  }

protected:
  /// Ends the actor: monitors and links are told, later messages refused.
  void quit(caf::error reason);

  /// An exit message came, from a link or from `send_exit`.
  virtual void on_exit_message(const caf::error& reason);

  /// Handles what every actor has to.
  /// @returns whether the message is done with.
  bool handle_system(caf::mailbox_element& what);

private:
  /// Handles of actors may outlive the shard's thread.
  std::shared_ptr<shard> home_;
};

/// The right to answer one request, once.
class reply {
public:
  reply() = default;

  /// Takes it from a message; stays empty for one that is no request.
  reply(const bound_actor& self, caf::mailbox_element& what);

  explicit operator bool() const noexcept {
    return sender_ != nullptr || !stages_.empty();
  }

  template <class... Ts>
  void deliver(Ts&&... xs) {
    deliver_message(caf::make_message(std::forward<Ts>(xs)...));
  }

  void fail(caf::error reason) {
    deliver_message(caf::make_message(std::move(reason)));
  }

private:
  void deliver_message(caf::message content);

  caf::strong_actor_ptr self_;
  caf::strong_actor_ptr sender_;
  caf::mailbox_element::forwarding_stack stages_;
  caf::message_id id_;
};

} // namespace switchboard::actors
