#define CAF_SUITE shared_bytes
#include <caf/test/unit_test.hpp>

#include <string>
#include <thread>
#include <vector>

#include "net/block_pool.hpp"
#include "net/shared_bytes.hpp"

using namespace switchboard::net;

CAF_TEST(shared bytes are a copy of any length) {
  for (std::size_t size : {0u, 1u, 15u, 16u, 4096u, 4097u, 1u << 20}) {
    std::string text(size, 'x');
    auto copy = share_bytes(text);
    text.assign(size, 'y');
    CAF_CHECK_EQUAL(*copy, std::string(size, 'x'));
  }
}

CAF_TEST(memory that was let go of is used again) {
  std::string text(100, 'x');
  auto first = share_bytes(text);
  auto place = first->data();
  auto before = block_pool::misses();
  first = nullptr;
  auto second = share_bytes(std::string(50, 'y'));
  CAF_CHECK(second->data() == place);
  CAF_CHECK_EQUAL(block_pool::misses(), before);
}

CAF_TEST(large ones are given back to the heap) {
  auto large = share_bytes(std::string(1 << 20, 'x'));
  large = nullptr;
  auto next = share_bytes("y");
  CAF_CHECK(next->capacity() < 1 << 20);
}

CAF_TEST(shared bytes may end on another thread and after their own) {
  std::shared_ptr<const std::string> kept;
  std::thread{[&] {
    kept = share_bytes("of a thread that has ended");
  }}.join();
  CAF_CHECK_EQUAL(*kept, "of a thread that has ended");
  std::thread{[what = std::move(kept)]() mutable {
    what = nullptr;
  }}.join();
}
