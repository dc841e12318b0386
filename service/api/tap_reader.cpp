#include "service/api/tap_reader.hpp"

#include <deque>
#include <utility>

#include "actors/promises.hpp"

namespace switchboard::service::api {

namespace {

class tap_reader : public tap_reader_actor::base {
public:
  tap_reader(caf::actor_config& config, tap_sink sink)
      : tap_reader_actor::base(config), sink_(std::move(sink)) {}

  const char* name() const override {
    return "switchboard.api.tap";
  }

  /// Each promise holds its actor, which would never go.
  void on_exit() override {
    owed_.clear();
  }

  behavior_type make_behavior() override {
    return {
        [this](tap_events& what) -> caf::result<void> {
          owed_.push_back(this->make_response_promise<void>());
          sink_.take(std::move(what));
          return owed_.back();
        },
        [this](tap_end& what) { sink_.end(std::move(what)); },
        [this](batch_taken) {
          // Batches are written in the order they came.
          if (owed_.empty())
            return;
          actors::fulfill(owed_.front());
          owed_.pop_front();
        },
    };
  }

private:
  tap_sink sink_;
  std::deque<caf::typed_response_promise<void>> owed_;
};

} // namespace

tap_reader_actor spawn_tap_reader(caf::actor_system& system, tap_sink sink) {
  return system.spawn<tap_reader>(std::move(sink));
}

} // namespace switchboard::service::api
