#define CAF_SUITE block_pool
#include <caf/test/unit_test.hpp>

#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/block_pool.hpp"
#include "net/outgoing.hpp"
#include "net/send_queue.hpp"

using namespace switchboard::net;

CAF_TEST(blocks are at least as large as asked for and used again) {
  for (std::size_t wanted :
       {1u, 63u, 64u, 65u, 1000u, 16384u, 16385u, 1u << 20}) {
    auto size = wanted;
    auto block = block_pool::take(size);
    CAF_CHECK(size >= wanted);
    std::memset(block, 0xab, size);
    block_pool::give_back(block, size);
    if (wanted > 16384)
      continue;
    auto again = wanted;
    auto before = block_pool::misses();
    auto second = block_pool::take(again);
    CAF_CHECK_EQUAL(block_pool::misses(), before);
    CAF_CHECK(second == block);
    block_pool::give_back(second, again);
  }
}

CAF_TEST(a block may end on another thread and after that thread) {
  std::size_t size = 100;
  void* block = nullptr;
  std::thread{[&] {
    block = block_pool::take(size);
  }}.join();
  std::memset(block, 0xcd, size);
  std::thread{[&] {
    block_pool::give_back(block, size);
  }}.join();
}

CAF_TEST(queued frames ask the heap for nothing once traffic is steady) {
  send_queue queue;
  std::vector<send_token> done;
  std::string text(200, 'x');
  auto round = [&] {
    for (auto i = 0; i < 16; ++i)
      queue.push(
          outgoing_frame::copy(opcode::text, std::as_bytes(std::span{text})),
          0);
    queue.advance(queue.bytes(), done);
  };
  round();
  auto before = block_pool::misses();
  for (auto i = 0; i < 100; ++i)
    round();
  CAF_CHECK_EQUAL(block_pool::misses(), before);
}
