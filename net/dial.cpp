#include "net/dial.hpp"

#include <exception>
#include <utility>

#include "net/dial_conversation.hpp"

namespace switchboard::net {

struct dial::state final : private timer {
  state(loop& home, std::shared_ptr<resolver> names,
        std::shared_ptr<const dial_options> how, dial_target target,
        header_list headers, clock::time_point until, dial_observer& who,
        purpose why)
      : loop_(home),
        names_(std::move(names)),
        options_(std::move(how)),
        conversation_(loop_, *names_, *options_, std::move(target),
                      std::move(headers)),
        observer_(who),
        deadline_(until),
        why_(why) {}

  void start() {
    began_ = loop_.now();
    // From the loop, so that no outcome comes from within the call.
    loop_.arm(*this, began_);
  }

private:
  void on_timer() override {
    if (!std::exchange(begun_, true)) {
      loop_.arm(*this, deadline_);
      frame_ = talk();
      frame_.start();
      return;
    }
    // What waits is cut short before anybody hears of it.
    frame_ = {};
    auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline_ - began_);
    tell({dial_failure::kind::connectivity,
          "no success within " + std::to_string(waited.count()) + " ms, while "
              + conversation_.stage()});
  }

  task<bool> talk() {
    std::optional<dialed> outcome;
    dial_failure failure;
    try {
      if (why_ == purpose::websocket)
        outcome.emplace(co_await conversation_.run());
      else
        outcome.emplace(co_await conversation_.test());
    } catch (const dial_failure& what) {
      failure = what;
    } catch (const std::exception& what) {
      failure.text = what.what();
    }
    loop_.disarm(*this);
    if (outcome)
      observer_.on_dialed(std::move(*outcome));
    else
      tell(std::move(failure));
    co_return true;
  }

  void tell(dial_failure&& why) {
    observer_.on_dial_failed(std::move(why));
  }

  loop& loop_;
  std::shared_ptr<resolver> names_;
  std::shared_ptr<const dial_options> options_;
  dial_conversation conversation_;
  dial_observer& observer_;
  clock::time_point deadline_;
  clock::time_point began_;
  purpose why_;
  bool begun_ = false;
  task<bool> frame_;
};

dial::dial(loop& home, std::shared_ptr<resolver> names,
           std::shared_ptr<const dial_options> options, dial_target target,
           header_list headers, clock::time_point deadline,
           dial_observer& observer, purpose why)
    : state_(std::make_unique<state>(home, std::move(names), std::move(options),
                                     std::move(target), std::move(headers),
                                     deadline, observer, why)) {}

dial::~dial() = default;

void dial::start() {
  state_->start();
}

} // namespace switchboard::net
