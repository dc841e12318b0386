#define CAF_SUITE bound_actor
#include <caf/test/unit_test.hpp>

#include <atomic>
#include <memory>
#include <new>
#include <stdexcept>
#include <thread>

#include <caf/all.hpp>

#include <switchboard/error.hpp>
#include <switchboard/pinned.hpp>

#include "actors/shard.hpp"

using namespace switchboard;
using namespace switchboard::actors;
using namespace std::chrono_literals;

namespace {

using get = caf::get_atom;
using put = caf::put_atom;
using add = caf::add_atom;
using sub = caf::sub_atom;

/// Answers `get` with the number of `add` seen, has no memory for `sub`, dies
/// of `put`.
class counter final : public bound_actor {
public:
  using bound_actor::bound_actor;

  void receive(caf::mailbox_element& what) override {
    if (!home().on_thread())
      throw std::logic_error{"another thread"};
    if (what.content().match_elements<add>())
      ++count_;
    else if (what.content().match_elements<get>())
      reply{*this, what}.deliver(count_);
    else if (what.content().match_elements<sub>())
      throw std::bad_alloc{};
    else if (what.content().match_elements<put>())
      throw std::runtime_error{"as asked"};
    else if (!handle_system(what))
      reply{*this, what}.fail(caf::make_error(caf::sec::unexpected_message));
  }

private:
  int count_ = 0;
};

class pinned_thread_teller : public pinned<caf::event_based_actor> {
public:
  explicit pinned_thread_teller(caf::actor_config& config, shard* home)
      : pinned<caf::event_based_actor>(config), home_(home) {}

  caf::behavior make_behavior() override {
    return {[this](get) { return home_->on_thread(); },
            [this](put) {
              // Wakes somebody who does not live here.
              auto other = spawn([](caf::event_based_actor* self) {
                return caf::behavior{[self](std::uint64_t home) {
                  auto there = reinterpret_cast<shard*>(home)->on_thread();
                  self->quit();
                  return there;
                }};
              });
              return delegate(other, reinterpret_cast<std::uint64_t>(home_));
            }};
  }

private:
  shard* home_;
};

struct fixture {
  caf::actor_system_config cfg;
  caf::actor_system system{cfg};
  std::shared_ptr<shard> home = std::make_shared<shard>(system, 0);
  caf::scoped_actor self{system};

  fixture() {
    home->start();
  }

  ~fixture() {
    home->join();
  }

  caf::actor make_counter() {
    return caf::actor_cast<caf::actor>(make_bound<counter>(*home));
  }

  int ask(const caf::actor& who) {
    auto result = -1;
    self->request(who, 5s, get::value)
        .receive([&](int n) { result = n; }, [](caf::error&) {});
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(bound_actor_tests, fixture)

CAF_TEST(messages of one sender arrive in order on the thread of the shard) {
  auto who = make_counter();
  for (auto i = 0; i < 1000; ++i)
    self->send(who, add::value);
  CAF_CHECK_EQUAL(ask(who), 1000);
  self->send_exit(who, caf::exit_reason::user_shutdown);
  self->wait_for(who);
}

CAF_TEST(many senders lose nothing) {
  auto who = make_counter();
  std::vector<std::thread> threads;
  for (auto i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (auto n = 0; n < 5000; ++n)
        caf::anon_send(who, add::value);
    });
  for (auto& thread : threads)
    thread.join();
  CAF_CHECK_EQUAL(ask(who), 20'000);
  caf::anon_send_exit(who, caf::exit_reason::kill);
  self->wait_for(who);
}

CAF_TEST(requests to an actor that has ended are refused and monitors told) {
  auto who = make_counter();
  self->monitor(who);
  self->send_exit(who, caf::exit_reason::user_shutdown);
  self->receive([&](const caf::down_msg& down) {
    CAF_CHECK(down.reason == caf::exit_reason::user_shutdown);
  });
  CAF_CHECK_EQUAL(ask(who), -1);
}

CAF_TEST(an exception ends the actor and nothing else) {
  auto first = make_counter();
  auto second = make_counter();
  self->send(first, put::value);
  self->wait_for(first);
  self->send(second, add::value);
  CAF_CHECK_EQUAL(ask(second), 1);
  caf::anon_send_exit(second, caf::exit_reason::kill);
  self->wait_for(second);
}

CAF_TEST(a message that there is no memory for fails alone) {
  auto who = make_counter();
  self->send(who, sub::value);
  self->send(who, add::value);
  caf::error problem;
  self->request(who, 5s, sub::value)
      .receive([] {}, [&](caf::error& why) { problem = std::move(why); });
  CAF_CHECK(problem == make_error(errc::connectivity, "out of memory"));
  CAF_CHECK_EQUAL(ask(who), 1);
  caf::anon_send_exit(who, caf::exit_reason::kill);
  self->wait_for(who);
}

CAF_TEST(what comes after the thread has ended is refused) {
  auto who = make_counter();
  home->join();
  CAF_CHECK_EQUAL(ask(who), -1);
  // Nothing runs any more that could end it.
  system.registry().dec_running();
}

CAF_TEST(a pinned actor runs on the shard and those it wakes do not ) {
  caf::actor_config config{home->pinning_unit()};
  auto who = system.spawn_impl<pinned_thread_teller, caf::no_spawn_options>(
      config, home.get());
  auto failed = [](caf::error&) {
    CAF_FAIL("no answer");
  };
  self->request(who, 5s, get::value)
      .receive([](bool there) { CAF_CHECK(there); }, failed);
  self->request(who, 5s, put::value)
      .receive([](bool there) { CAF_CHECK(!there); }, failed);
  self->send_exit(who, caf::exit_reason::user_shutdown);
  self->wait_for(who);
}

CAF_TEST_FIXTURE_SCOPE_END()
