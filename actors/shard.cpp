#include "actors/shard.hpp"

#include <exception>
#include <iterator>
#include <new>
#include <string>
#include <utility>

#include <caf/scheduler/abstract_coordinator.hpp>
#include <pthread.h>

#include <switchboard/error.hpp>

#include "net/memory_account.hpp"

namespace switchboard::actors {

namespace {

thread_local const shard* current_shard = nullptr;

/// Messages that an event-based actor handles before others get their turn.
constexpr std::size_t throughput = 64;

/// Rounds of messages before input and output get their turn.
constexpr auto rounds_per_turn = 8;

} // namespace

void shard::forwarding::exec_later(caf::resumable* what) {
  system().scheduler().enqueue(what);
}

shard::shard(caf::actor_system& system, std::size_t index, io_method io)
    : system_(system),
      index_(index),
      loop_(io),
      pinning_unit_(system, *this),
      forwarding_unit_(system) {}

shard::~shard() {
  join();
}

void shard::start() {
  thread_ = std::thread{[this] {
    run();
  }};
  auto name = "shard-" + std::to_string(index_);
  pthread_setname_np(thread_.native_handle(), name.c_str());
}

void shard::join() {
  if (thread_.joinable()) {
    loop_.stop();
    thread_.join();
  }
}

bool shard::on_thread() const noexcept {
  return current_shard == this;
}

void shard::run() {
  current_shard = this;
  net::memory_account::attach(&loop_.traffic().held_bytes);
  beat_later();
  loop_.run(*this);
  loop_.disarm(*this);
  // What is refused may lead to more.
  for (;;) {
    std::vector<job> rest;
    {
      std::lock_guard guard{mutex_};
      closed_ = true;
      rest.swap(inbox_);
    }
    for (auto& what : std::exchange(own_, {}))
      rest.push_back(std::move(what));
    if (rest.empty())
      break;
    for (auto& what : rest)
      refuse(what);
  }
  net::memory_account::attach(nullptr);
  current_shard = nullptr;
}

void shard::post(bound_actor& to, caf::mailbox_element_ptr what) {
  push({caf::strong_actor_ptr{to.ctrl()}, std::move(what), nullptr});
}

void shard::post(caf::resumable* what) {
  push({nullptr, nullptr, what});
}

void shard::push(job&& what) {
  if (on_thread()) {
    own_.push_back(std::move(what));
    return;
  }
  {
    std::lock_guard guard{mutex_};
    if (!closed_) {
      inbox_.push_back(std::move(what));
      loop_.wake();
      return;
    }
  }
  refuse(what);
}

bool shard::on_turn() {
  for (auto round = 0; round < rounds_per_turn; ++round) {
    {
      std::lock_guard guard{mutex_};
      working_.swap(inbox_);
    }
    std::move(own_.begin(), own_.end(), std::back_inserter(working_));
    own_.clear();
    if (working_.empty())
      return false;
    for (auto& what : working_)
      work(what);
    working_.clear();
  }
  return true;
}

bool shard::on_flushed() {
  if (turn_listener_ != nullptr)
    turn_listener_->on_flushed();
  // Writes that are done answer requests of this thread's own actors.
  return !own_.empty();
}

void shard::work(job& what) {
  if (what.resume != nullptr) {
    switch (what.resume->resume(&forwarding_unit_, throughput)) {
      case caf::resumable::resume_later:
        push({nullptr, nullptr, what.resume});
        break;
      default:
        caf::intrusive_ptr_release(what.resume);
        break;
    }
    return;
  }
  auto& actor = static_cast<bound_actor&>(*what.to->get());
  if (!actor.alive()) {
    actor.refuse(*what.what);
    return;
  }
  try {
    actor.receive(*what.what);
  } catch (const std::bad_alloc&) {
    // Whoever asked may ask again; what was not asked for is lost.
    reply{actor, *what.what}.fail(
        make_error(errc::connectivity, "out of memory"));
  } catch (const std::exception& failure) {
    actor.fail(failure.what());
  }
}

void shard::refuse(job& what) {
  if (what.resume != nullptr) {
    caf::intrusive_ptr_release(what.resume);
    return;
  }
  static_cast<bound_actor&>(*what.to->get()).refuse(*what.what);
}

} // namespace switchboard::actors
