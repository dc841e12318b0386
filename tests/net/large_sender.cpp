#define CAF_SUITE large_sender
#include <caf/test/unit_test.hpp>

#include <memory>
#include <utility>

#include "net/large_sender.hpp"
#include "net/memory_account.hpp"

using namespace switchboard;
using namespace switchboard::net;

namespace {

/// Keeps whoever asks for a piece waiting.
class held_content final : public large_content {
public:
  explicit held_content(std::uint64_t size) : large_content(size, false) {
    // nop
  }

  void read(std::uint64_t, std::size_t, read_callback done) const override {
    waiting = std::move(done);
  }

  mutable read_callback waiting;
};

struct fixture : large_sender::receiver {
  fixture() {
    memory_account::attach(&held);
  }

  virtual ~fixture() {
    sender.reset();
    memory_account::attach(nullptr);
  }

  void on_piece(std::string&&, std::error_code) override {
    sender->arrived();
  }

  void push(std::uint64_t size) {
    sender->push({nullptr, std::make_shared<held_content>(size)});
  }

  loop home;
  counter held;
  std::unique_ptr<large_sender> sender =
      std::make_unique<large_sender>(home, *this);
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(large_sender_tests, fixture)

CAF_TEST(a piece under way counts as memory until it has come) {
  push(large_sender::fragment_size + 1'000);
  CAF_CHECK_EQUAL(held.get(), 0u);
  sender->read();
  CAF_CHECK_EQUAL(held.get(), large_sender::fragment_size);
  sender->arrived();
  CAF_CHECK_EQUAL(held.get(), 0u);
  CAF_MESSAGE("the last one counts for what is left");
  sender->front().offset = large_sender::fragment_size;
  sender->read();
  CAF_CHECK_EQUAL(held.get(), 1'000u);
}

CAF_TEST(the end of a connection gives back what was under way) {
  push(10'000);
  sender->read();
  CAF_CHECK_EQUAL(held.get(), 10'000u);
  sender.reset();
  CAF_CHECK_EQUAL(held.get(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
