#define CAF_SUITE token_expiries
#include <caf/test/unit_test.hpp>

#include <array>
#include <string>

#include "actors/token_expiries.hpp"

using namespace switchboard;
using namespace switchboard::actors;
using namespace std::chrono_literals;

namespace {

/// Sockets are told apart by where they are, and not looked into.
struct fixture {
  struct nothing final : net::turn_hook {
    bool on_turn() override {
      return false;
    }

    bool on_flushed() override {
      return false;
    }
  };

  fixture()
      : expiries{home, [this](socket& who) {
                   expired(who);
                 }} {}

  static socket& at(char& place) {
    return reinterpret_cast<socket&>(place);
  }

  socket& a() {
    return at(places[0]);
  }

  socket& b() {
    return at(places[1]);
  }

  socket& c() {
    return at(places[2]);
  }

  void expired(socket& who) {
    told += static_cast<char>(
        'a' + (reinterpret_cast<char*>(&who) - places.data()));
    if (told.size() == wanted)
      home.stop();
  }

  /// Turns until so many have expired.
  void run(std::size_t how_many) {
    wanted = how_many;
    nothing hook;
    home.run(hook);
  }

  std::array<char, 3> places{};
  net::loop home;
  std::string told;
  std::size_t wanted = 0;
  token_expiries expiries;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(token_expiries_tests, fixture)

CAF_TEST(sockets expire in the order of their times) {
  auto now = token_expiries::clock::now();
  expiries.set(b(), now + 40ms);
  expiries.set(a(), now + 20ms);
  expiries.set(c(), now - 1h);
  run(3);
  CAF_CHECK_EQUAL(told, "cab");
  CAF_CHECK(token_expiries::clock::now() >= now + 40ms);
}

CAF_TEST(a new time stands in place of the old one) {
  auto now = token_expiries::clock::now();
  expiries.set(a(), now + 20ms);
  expiries.set(b(), now + 40ms);
  expiries.set(a(), now + 60ms);
  run(2);
  CAF_CHECK_EQUAL(told, "ba");
}

CAF_TEST(what is forgotten does not expire) {
  auto now = token_expiries::clock::now();
  expiries.set(a(), now + 10ms);
  expiries.set(b(), now + 20ms);
  expiries.set(c(), now + 30ms);
  expiries.forget(a());
  expiries.forget(b());
  expiries.forget(b());
  run(1);
  CAF_CHECK_EQUAL(told, "c");
}

CAF_TEST_FIXTURE_SCOPE_END()
