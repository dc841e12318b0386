#include "service/api/bridge.hpp"

#include <utility>

namespace switchboard::service::api {

namespace {

class bridge : public bridge_actor::base {
public:
  bridge(caf::actor_config& config, registry_actor registry)
      : bridge_actor::base(config), registry_(std::move(registry)) {}

  const char* name() const override {
    return "switchboard.api";
  }

  behavior_type make_behavior() override {
    return {
        [this](const call& what) { what.ask(this, registry_, what.done); },
    };
  }

  void on_exit() override {
    registry_ = nullptr;
  }

private:
  registry_actor registry_;
};

} // namespace

bridge_actor spawn_bridge(caf::actor_system& system, registry_actor registry) {
  return system.spawn<bridge>(std::move(registry));
}

} // namespace switchboard::service::api
