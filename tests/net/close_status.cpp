#define CAF_SUITE close_status

#include "net/close_status.hpp"

#include <string>

#include <caf/test/unit_test.hpp>

#include <switchboard/close_code.hpp>

#include "wire_script.hpp"

using namespace switchboard;
using namespace switchboard::net;
using namespace wire_script;

namespace {

std::string written(close_code code, std::string_view reason) {
  std::array<std::byte, max_control_payload> bytes{};
  auto size = write_close_status(bytes, code, reason);
  return std::string{as_text(std::span{bytes}.first(size))};
}

} // namespace

CAF_TEST(a status is written and read back) {
  auto bytes = written(1001, "going \xC3\xA4way");
  close_status status;
  CAF_CHECK_EQUAL(net::read_close_status(as_span(bytes), status), 0);
  CAF_CHECK_EQUAL(status.code, 1001);
  CAF_CHECK_EQUAL(status.reason, "going \xC3\xA4way");
}

CAF_TEST(codes that may not be sent write an empty payload) {
  for (auto code : {1005, 1006, 1015, 1004, 0, 2999, 5000})
    CAF_CHECK_EQUAL(written(static_cast<close_code>(code), "x").size(), 0u);
}

CAF_TEST(a reason is cut between code points) {
  CAF_CHECK_EQUAL(written(1000, std::string(123, 'x')).size(), 125u);
  CAF_CHECK_EQUAL(written(1000, std::string(124, 'x')).size(), 125u);
  // 122 and the first of two bytes: the euro's rest does not fit.
  CAF_CHECK_EQUAL(written(1000, std::string(122, 'x') + "\xC3\xA4").size(),
                  124u);
  CAF_CHECK_EQUAL(written(1000, std::string(121, 'x') + "\xC3\xA4").size(),
                  125u);
  CAF_CHECK_EQUAL(
      written(1000, std::string(120, 'x') + "\xF0\x9F\x98\x80").size(), 122u);
  CAF_CHECK(written(1000, "ok\xFFno") == octets({3, 0xE8, 'o', 'k'}));
  CAF_CHECK(written(1000, "ok\xE2\x82") == octets({3, 0xE8, 'o', 'k'}));
}

CAF_TEST(a failed read leaves no half status) {
  close_status status{1000, "old"};
  CAF_CHECK_EQUAL(net::read_close_status(as_span("\x03"), status), 1002);
  CAF_CHECK_EQUAL(status.code, close_codes::no_status);
  CAF_CHECK(status.reason.empty());
  CAF_CHECK_EQUAL(net::read_close_status(as_span("\x03\xE8\xFF"), status),
                  1007);
  CAF_CHECK(status.reason.empty());
}

CAF_TEST(close codes are read by name and by number) {
  CAF_CHECK(parse_close_code("NORMAL_CLOSURE") == close_code{1000});
  CAF_CHECK(parse_close_code("ENDPOINT_GOING_DOWN") == close_code{1001});
  CAF_CHECK(parse_close_code("PROTOCOL_ERROR") == close_code{1002});
  CAF_CHECK(parse_close_code("INVALID_DATA") == close_code{1007});
  CAF_CHECK(parse_close_code("MESSAGE_TOO_LARGE") == close_code{1009});
  CAF_CHECK(parse_close_code("1003") == close_code{1003});
  CAF_CHECK(parse_close_code("4999") == close_code{4999});
  for (auto text :
       {"", "normal_closure", "1005", "1006", "1015", "2000", "5000", "65536",
        "66536", "-1000", "+1000", "1000 ", " 1000", "1000x", "0x3E8"})
    CAF_CHECK(!parse_close_code(text));
}

CAF_TEST(close codes are named where they have a name) {
  CAF_CHECK_EQUAL(render_close_code(1000), "NORMAL_CLOSURE");
  CAF_CHECK_EQUAL(render_close_code(1003), "INVALID_DATA");
  CAF_CHECK_EQUAL(render_close_code(1007), "INVALID_DATA");
  CAF_CHECK_EQUAL(render_close_code(1008), "1008");
  CAF_CHECK_EQUAL(render_close_code(4000), "4000");
}
