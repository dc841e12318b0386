#include "net/http_pool.hpp"

#include <algorithm>
#include <utility>

#include "net/upgrade_request.hpp"

namespace switchboard::net {

// -- exchange
// -----------------------------------------------------------------

http_exchange::http_exchange(loop& home, http_call call, http_callback done,
                             clock::time_point now)
    : loop_(home),
      call_(std::move(call)),
      done_(std::move(done)),
      deadline_(now + call_.timeout) {}

http_exchange::~http_exchange() {
  loop_.disarm(*this);
  settle(http_failure{http_failure::kind::unreachable,
                      "the switchboard is being shut down"});
}

void http_exchange::watch_deadline(http_pool& owner) {
  owner_ = &owner;
  loop_.arm(*this, deadline_);
}

void http_exchange::end_by(clock::time_point when) {
  if (when >= deadline_)
    return;
  deadline_ = when;
  loop_.arm(*this, deadline_);
}

void http_exchange::settle(http_outcome&& outcome) {
  if (auto done = std::exchange(done_, {}))
    done(std::move(outcome));
}

void http_exchange::on_timer() {
  owner_->expire(*this);
}

// -- dialing
// ------------------------------------------------------------------

class http_pool::pending_dial final : public disposable, private dial_observer {
public:
  pending_dial(http_pool& owner, clock::time_point deadline)
      : loop_(owner.loop_),
        owner_(owner),
        dial_(std::make_unique<dial>(
            owner.loop_, owner.names_, owner.route_->dialing, owner.origin_,
            header_list{}, deadline, static_cast<dial_observer&>(*this),
            dial::purpose::connectivity_test)) {}

  ~pending_dial() override {
    // The pool may be gone by now.
    loop_.dispose(std::move(dial_));
  }

  void start() {
    dial_->start();
  }

private:
  void on_dialed(dialed&& what) override {
    owner_.on_dialed(*this, std::move(what));
  }

  void on_dial_failed(dial_failure&& why) override {
    owner_.on_dial_failed(*this, std::move(why));
  }

  loop& loop_;
  http_pool& owner_;
  std::unique_ptr<dial> dial_;
};

// -- pool
// -----------------------------------------------------------------------

http_pool::http_pool(loop& home, std::shared_ptr<resolver> names,
                     std::shared_ptr<const http_route> route,
                     dial_target origin)
    : loop_(home),
      names_(std::move(names)),
      route_(std::move(route)),
      origin_(std::move(origin)),
      address_(authority_of(origin_, true)) {}

http_pool::~http_pool() {
  dials_.clear();
  for (auto& [key, what] : connections_) {
    what.connection->cut();
    loop_.dispose(std::move(what.connection));
  }
}

void http_pool::add(exchange_ptr what) {
  what->watch_deadline(*this);
  // Those that a connection or a dial is there for do not count.
  if (idle_.empty()
      && connections_.size() + dials_.size() >= route_->max_connections
      && waiting_.size() >= route_->queue_limit + dials_.size()) {
    what->settle(http_failure{http_failure::kind::unreachable,
                              "the queue for " + address_ + " is full, "
                                  + std::to_string(waiting_.size())
                                  + " requests wait"});
    return;
  }
  waiting_.push_back(std::move(what));
  serve();
}

void http_pool::serve() {
  while (!waiting_.empty() && !idle_.empty()) {
    auto to = idle_.back();
    idle_.pop_back();
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    give(connections_.at(to), std::move(next));
  }
  while (dials_.size() < waiting_.size()
         && connections_.size() + dials_.size() < route_->max_connections)
    begin_dial(waiting_[dials_.size()]->deadline());
}

void http_pool::give(entry& to, exchange_ptr what) {
  to.work = std::move(what);
  to.connection->ask(to.work->call());
}

void http_pool::begin_dial(clock::time_point deadline) {
  dials_.push_back(std::make_unique<pending_dial>(*this, deadline));
  dials_.back()->start();
}

void http_pool::on_dialed(pending_dial& from, dialed&& what) {
  drop(from);
  auto connection = std::make_unique<http_connection>(
      loop_, std::move(what.stream), address_, route_->dialing->max_header_size,
      static_cast<http_connection_owner&>(*this));
  auto key = connection.get();
  if (!connection->start()) {
    loop_.dispose(std::move(connection));
    fail_first(address_ + ": no room to watch another connection");
    return;
  }
  connections_.emplace(key, entry{std::move(connection), nullptr});
  idle_.push_back(key);
  serve();
}

void http_pool::on_dial_failed(pending_dial& from, dial_failure&& why) {
  drop(from);
  fail_first(std::move(why.text));
}

/// Whoever waits longest is told that there is no connection for it.
void http_pool::fail_first(std::string why) {
  if (!waiting_.empty()) {
    auto first = std::move(waiting_.front());
    waiting_.pop_front();
    first->settle(
        http_failure{http_failure::kind::unreachable, std::move(why)});
  }
  serve();
}

void http_pool::on_answer(http_connection& from, http_response&& answer,
                          bool reusable) {
  auto work = std::move(connections_.at(&from).work);
  if (reusable)
    idle_.push_back(&from);
  else
    drop(from);
  work->settle(std::move(answer));
  serve();
}

void http_pool::on_broken(http_connection& from, http_failure&& why,
                          bool untouched) {
  auto work = std::move(connections_.at(&from).work);
  // A kept connection that the peer has ended meanwhile is nobody's failure.
  auto again = from.kept() && untouched
               && (work->call().idempotent
                   || why.what == http_failure::kind::unreachable)
               && work->take_second_chance();
  drop(from);
  if (again)
    waiting_.push_front(std::move(work));
  else
    work->settle(std::move(why));
  serve();
}

void http_pool::on_unused(http_connection& from) {
  std::erase(idle_, &from);
  drop(from);
}

void http_pool::drop(http_connection& what) {
  auto found = connections_.find(&what);
  found->second.connection->cut();
  loop_.dispose(std::move(found->second.connection));
  connections_.erase(found);
}

void http_pool::drop(pending_dial& what) {
  auto found = std::find_if(dials_.begin(), dials_.end(),
                            [&](auto& one) { return one.get() == &what; });
  auto gone = std::move(*found);
  dials_.erase(found);
  loop_.dispose(std::move(gone));
}

void http_pool::end_by(clock::time_point when) {
  for (auto& what : waiting_)
    what->end_by(when);
  for (auto& [key, what] : connections_)
    if (what.work)
      what.work->end_by(when);
}

void http_pool::expire(http_exchange& what) {
  auto limit =
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(
                         what.call().timeout)
                         .count())
      + " ms";
  auto queued = std::find_if(waiting_.begin(), waiting_.end(),
                             [&](auto& one) { return one.get() == &what; });
  if (queued != waiting_.end()) {
    auto gone = std::move(*queued);
    waiting_.erase(queued);
    if (connections_.empty())
      gone->settle(
          http_failure{http_failure::kind::unreachable,
                       "no connection to " + address_ + " within " + limit});
    else
      gone->settle(http_failure{http_failure::kind::timed_out,
                                "no connection to " + address_
                                    + " was free within " + limit});
    return;
  }
  auto under_way =
      std::find_if(connections_.begin(), connections_.end(),
                   [&](auto& one) { return one.second.work.get() == &what; });
  auto gone = std::move(under_way->second.work);
  // Its answer would be taken for that of the next.
  drop(*under_way->second.connection);
  gone->settle(http_failure{http_failure::kind::timed_out,
                            address_ + " did not answer within " + limit});
  serve();
}

} // namespace switchboard::net
