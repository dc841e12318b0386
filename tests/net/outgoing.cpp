#define CAF_SUITE outgoing
#include <caf/test/unit_test.hpp>

#include <memory>
#include <string>

#include "net/outgoing.hpp"

using namespace switchboard::net;

namespace {

outgoing_message message_of(const std::string& text) {
  return {opcode::text, std::make_shared<const std::string>(text)};
}

} // namespace

CAF_TEST(a message is encoded once for all who take it plain) {
  auto message = message_of(std::string(2000, 'x'));
  auto frame = message.plain();
  CAF_CHECK(message.plain() == frame);
  auto copy = message;
  CAF_CHECK(copy.plain() == frame);
}

CAF_TEST(a message is compressed once for all who compress alike) {
  auto message = message_of(std::string(2000, 'x'));
  auto frame = message.compressed(15, 6, 8);
  CAF_CHECK(frame->size() < 100);
  CAF_CHECK(message.compressed(15, 6, 8) == frame);
  auto copy = message;
  CAF_CHECK(copy.compressed(15, 6, 8) == frame);
  CAF_CHECK(message.compressed(12, 6, 8) != frame);
  CAF_CHECK(message.compressed(15, 1, 8) != frame);
  CAF_CHECK(message.compressed(15, 6, 9) != frame);
  CAF_CHECK(message.compressed(15, 6, 8) == frame);
}
