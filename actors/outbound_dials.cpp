#include "actors/outbound_dials.hpp"

#include <utility>

#include <switchboard/error.hpp>

namespace switchboard::actors {

namespace {

caf::error stopping() {
  return make_error(errc::connectivity, "the switchboard is stopping");
}

caf::error closed_meanwhile(const open_outbound& request) {
  return make_error(errc::connectivity, "socket " + request.plan->socket_id
                                            + " was closed meanwhile");
}

} // namespace

/// One handshake and whoever waits for it.
class outbound_dials::attempt final : public net::disposable,
                                      private net::dial_observer {
public:
  attempt(outbound_dials& owner, open_outbound request, reply answer)
      : owner_(owner),
        request_(std::move(request)),
        answer_(std::move(answer)) {}

  void start(net::dial::purpose why) {
    auto& plan = *request_.plan;
    auto& loop = owner_.home_.loop();
    test_ = why == net::dial::purpose::connectivity_test;
    dial_ = std::make_unique<net::dial>(
        loop, plan.profile->names, plan.dial, plan.target, plan.headers,
        loop.now() + request_.patience, static_cast<net::dial_observer&>(*this),
        why);
    dial_->start();
  }

  void cancel(caf::error why) {
    if (dial_)
      owner_.home_.loop().dispose(std::move(dial_));
    answer_.fail(std::move(why));
  }

  const open_outbound& request() const noexcept {
    return request_;
  }

private:
  void on_dialed(net::dialed&& what) override {
    owner_.home_.loop().dispose(std::move(dial_));
    if (test_) {
      answer_.deliver();
    } else if (auto socket = owner_.take_(request_, std::move(what))) {
      answer_.deliver(std::move(*socket));
    } else {
      answer_.fail(std::move(socket.error()));
    }
    owner_.done(*this);
  }

  void on_dial_failed(net::dial_failure&& why) override {
    owner_.home_.loop().dispose(std::move(dial_));
    answer_.fail(error_of(why));
    owner_.done(*this);
  }

  outbound_dials& owner_;
  open_outbound request_;
  reply answer_;
  std::unique_ptr<net::dial> dial_;
  bool test_ = false;
};

outbound_dials::outbound_dials(shard& home, taker take)
    : home_(home), take_(std::move(take)) {}

outbound_dials::~outbound_dials() = default;

void outbound_dials::open(open_outbound request, reply answer) {
  begin(std::move(request), net::dial::purpose::websocket, std::move(answer));
}

void outbound_dials::test(const test_outbound& request, reply answer) {
  begin({request.plan, nullptr, 0, request.patience},
        net::dial::purpose::connectivity_test, std::move(answer));
}

void outbound_dials::begin(open_outbound request, net::dial::purpose why,
                           reply answer) {
  if (closed_) {
    answer.fail(stopping());
    return;
  }
  auto made =
      std::make_unique<attempt>(*this, std::move(request), std::move(answer));
  auto& what = *made;
  attempts_.emplace(&what, std::move(made));
  what.start(why);
}

void outbound_dials::done(attempt& who) {
  auto found = attempts_.extract(&who);
  if (!found.empty())
    home_.loop().dispose(std::move(found.mapped()));
}

void outbound_dials::cancel(const caf::strong_actor_ptr& socket) {
  for (auto& [key, what] : attempts_)
    if (what->request().socket == socket) {
      what->cancel(closed_meanwhile(what->request()));
      done(*key);
      return;
    }
}

void outbound_dials::close() {
  closed_ = true;
  for (auto& [key, what] : std::exchange(attempts_, {})) {
    what->cancel(stopping());
    home_.loop().dispose(std::move(what));
  }
}

} // namespace switchboard::actors
