#define CAF_SUITE message_reader_rules

#include "net/message_reader.hpp"

#include <functional>
#include <string>
#include <vector>

#include <caf/test/unit_test.hpp>

#include "wire_script.hpp"

using namespace std::string_literals;
using namespace switchboard;
using namespace switchboard::net;
using namespace wire_script;

namespace {

enum class compression { off, on, no_takeover };

struct row {
  std::string rule;
  std::function<std::string(const peer&)> bytes;
  std::string events;
  compression deflate = compression::off;
  std::size_t limit = 1024;
};

std::optional<deflate_agreement> agreement(compression value) {
  if (value == compression::off)
    return std::nullopt;
  deflate_agreement result;
  result.client_no_context_takeover = value == compression::no_takeover;
  result.server_no_context_takeover = value == compression::no_takeover;
  return result;
}

/// Runs every row for both roles, whole and in every small cut.
void run(const std::vector<row>& rows) {
  for (auto& [rule, bytes, events, deflate, limit] : rows) {
    for (auto self : {role::server, role::client}) {
      for (std::size_t piece : {0, 1, 2, 3, 5, 7}) {
        message_reader reader{self, limit, agreement(deflate)};
        auto seen = play(reader, bytes(peer{self == role::server}), piece);
        auto name = rule + (self == role::server ? ", server" : ", client")
                    + ", cut " + std::to_string(piece) + ": ";
        CAF_CHECK_EQUAL(name + seen, name + events);
      }
    }
  }
}

const auto hello_deflated = octets({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0});

} // namespace

CAF_TEST(valid streams give their messages) {
  run({
      {"5.6 text frame", [](auto& p) { return p.text("Hello"); },
       "text Hello\n"},
      {"5.6 binary frame", [](auto& p) { return p.frame(0x82, "\xFF\xFE"); },
       "binary \xFF\xFE\n"},
      {"5.6 empty text", [](auto& p) { return p.text(""); }, "text \n"},
      {"5.6 empty binary", [](auto& p) { return p.frame(0x82, ""); },
       "binary \n"},
      {"5.4 fragmented text",
       [](auto& p) {
         return p.frame(0x01, "Hel") + p.frame(0x00, "l") + p.frame(0x80, "o");
       },
       "text Hello\n"},
      {"5.4 empty fragments",
       [](auto& p) {
         return p.frame(0x02, "") + p.frame(0x00, "") + p.frame(0x80, "");
       },
       "binary \n"},
      {"5.4 empty first and last fragment",
       [](auto& p) {
         return p.frame(0x01, "") + p.frame(0x00, "x") + p.frame(0x80, "");
       },
       "text x\n"},
      {"5.4 control frames between fragments",
       [](auto& p) {
         return p.frame(0x01, "a") + p.ping("p") + p.frame(0x00, "b")
                + p.frame(0x8A, "q") + p.frame(0x80, "c") + p.text("d");
       },
       "ping p\npong q\ntext abc\ntext d\n"},
      {"5.5.1 close between fragments",
       [](auto& p) { return p.frame(0x01, "a") + p.close(1000); },
       "close 1000 \n"},
      {"5.5.2 ping of 125 bytes",
       [](auto& p) { return p.ping(std::string(125, 'x')) + p.ping(""); },
       "ping 125 bytes "
           + std::to_string(std::hash<std::string>{}(std::string(125, 'x')))
           + "\nping \n"},
      {"5.5.3 unasked pong", [](auto& p) { return p.frame(0x8A, "x"); },
       "pong x\n"},
      {"5.6 code point over two fragments",
       [](auto& p) {
         return p.frame(0x01, "\xE2\x82") + p.ping("") + p.frame(0x80, "\xAC");
       },
       "ping \ntext \xE2\x82\xAC\n"},
      {"5.2 lengths at the borders of each form",
       [](auto& p) {
         return p.frame(0x82, std::string(125, 'a'))
                + p.frame(0x82, std::string(126, 'a'))
                + p.frame(0x82, std::string(65535, 'a'))
                + p.frame(0x82, std::string(65536, 'a'));
       },
       [] {
         std::string events;
         for (auto size : {125, 126, 65535, 65536})
           events += "binary " + std::to_string(size) + " bytes "
                     + std::to_string(std::hash<std::string>{}(
                         std::string(static_cast<std::size_t>(size), 'a')))
                     + "\n";
         return events;
       }(),
       compression::off, 65536},
      {"message exactly as large as the limit",
       [](auto& p) { return p.frame(0x02, "abc") + p.frame(0x80, "d"); },
       "binary abcd\n", compression::off, 4},
      {"limit of nothing", [](auto& p) { return p.text("") + p.ping("x"); },
       "text \nping x\n", compression::off, 0},
  });
}

CAF_TEST(frames that break a rule of framing fail with 1002) {
  const auto fail = "fail 1002\n"s;
  std::vector<row> rows{
      {"5.1 masking of the wrong side",
       [](auto& p) { return peer{!p.masks}.text("Hello"); }, fail},
      {"5.1 masking of the wrong side, empty control frame",
       [](auto& p) { return peer{!p.masks}.ping(""); }, fail},
      {"5.2 RSV2", [](auto& p) { return p.frame(0xA1, "x"); }, fail},
      {"5.2 RSV3", [](auto& p) { return p.frame(0x91, "x"); }, fail},
      {"5.2 RSV1 without compression",
       [](auto& p) { return p.frame(0xC1, hello_deflated); }, fail},
      {"5.2 RSV2 with compression", [](auto& p) { return p.frame(0xA1, "x"); },
       fail, compression::on},
      {"7692 6 RSV1 on a continuation",
       [](auto& p) { return p.frame(0x41, "\xf2") + p.frame(0xC0, "\x48"); },
       fail, compression::on},
      {"7692 6 RSV1 on a continuation of a plain message",
       [](auto& p) { return p.frame(0x01, "a") + p.frame(0xC0, "b"); }, fail,
       compression::on},
      {"7692 6.1 RSV1 on a ping", [](auto& p) { return p.frame(0xC9, ""); },
       fail, compression::on},
      {"7692 6.1 RSV1 on a close", [](auto& p) { return p.frame(0xC8, ""); },
       fail, compression::on},
      {"5.4 continuation of nothing",
       [](auto& p) { return p.frame(0x80, "x"); }, fail},
      {"5.4 unfinished continuation of nothing",
       [](auto& p) { return p.frame(0x00, "x"); }, fail},
      {"5.4 continuation behind a finished message",
       [](auto& p) { return p.text("a") + p.frame(0x80, "x"); },
       "text a\n" + fail},
      {"5.4 text inside a message",
       [](auto& p) { return p.frame(0x01, "a") + p.text("b"); }, fail},
      {"5.4 binary inside a message",
       [](auto& p) { return p.frame(0x01, "a") + p.frame(0x02, "b"); }, fail},
      {"5.5 fragmented ping", [](auto& p) { return p.frame(0x09, "x"); }, fail},
      {"5.5 fragmented pong", [](auto& p) { return p.frame(0x0A, "x"); }, fail},
      {"5.5 fragmented close", [](auto& p) { return p.frame(0x08, ""); }, fail},
      {"5.5 ping of 126 bytes",
       [](auto& p) { return p.ping(std::string(126, 'x')); }, fail},
      {"5.5 close of 126 bytes",
       [](auto& p) { return p.close(1000, std::string(124, 'x')); }, fail},
      {"5.5 announced 64-bit ping, nothing more",
       [](auto& p) {
         return octets({0x89, (p.masks ? 0x80 : 0) | 127});
       },
       fail},
      {"5.2 length 125 in 16 bits",
       [](auto& p) { return p.frame(0x82, std::string(125, 'x'), 2); }, fail},
      {"5.2 length 0 in 64 bits", [](auto& p) { return p.frame(0x82, "", 8); },
       fail},
      {"5.2 length 65535 in 64 bits",
       [](auto& p) { return p.header(0x82, 65535, 8); }, fail, compression::off,
       1 << 20},
      {"5.2 length with the top bit",
       [](auto& p) { return p.header(0x82, 1ull << 63, 8); }, fail,
       compression::off, std::numeric_limits<std::size_t>::max()},
  };
  for (auto code : {3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF})
    rows.push_back({"5.2 reserved opcode " + std::to_string(code),
                    [code](auto& p) { return p.frame(0x80 | code, ""); },
                    fail});
  run(rows);
}

CAF_TEST(text that is not UTF - 8 fails with 1007) {
  const auto fail = "fail 1007\n"s;
  run({
      {"8.1 wrong byte", [](auto& p) { return p.text("a\xFF"); }, fail},
      {"8.1 cut code point", [](auto& p) { return p.text("a\xE2\x82"); }, fail},
      {"8.1 cut code point, fragmented",
       [](auto& p) { return p.frame(0x01, "\xE2") + p.frame(0x80, "\x82"); },
       fail},
      {"8.1 surrogate", [](auto& p) { return p.text("\xED\xA0\x80"); }, fail},
      {"8.1 at once in the first fragment",
       [](auto& p) { return p.frame(0x01, "\xC0"); }, fail},
      {"8.1 at once inside a frame not yet whole",
       [](auto& p) { return p.header(0x81, 1000) + std::string(8, '\x80'); },
       fail},
      {"8.1 an earlier message leaves nothing behind",
       [](auto& p) { return p.text("\xC3\xA4") + p.text("\xA4"); },
       "text \xC3\xA4\n" + fail},
      {"5.6 a first bad text after good binary",
       [](auto& p) { return p.frame(0x82, "\xFF") + p.text("\xFF"); },
       "binary \xFF\n" + fail},
      {"7692 6.2 compressed text",
       [](auto& p) {
         return p.frame(0xC1, octets({0, 1, 0, 0xFE, 0xFF, 0xFF, 0}));
       },
       fail, compression::on},
      {"7692 6.2 compressed text, cut code point",
       [](auto& p) {
         return p.frame(0xC1, octets({0, 1, 0, 0xFE, 0xFF, 0xE2, 0}));
       },
       fail, compression::on},
      {"7692 6.2 compressed text, at once in the first fragment",
       [](auto& p) {
         return p.frame(0x41, octets({0, 2, 0, 0xFD, 0xFF, 0xFF}));
       },
       fail, compression::on},
  });
}

CAF_TEST(messages above the limit fail with 1009) {
  const auto fail = "fail 1009\n"s;
  run({
      {"announced length, nothing else sent",
       [](auto& p) { return p.header(0x82, 1025); }, fail},
      {"announced 62 bits", [](auto& p) { return p.header(0x82, 1ull << 62); },
       fail},
      {"sum of fragments",
       [](auto& p) {
         return p.frame(0x02, std::string(1000, 'a')) + p.header(0x80, 25);
       },
       fail},
      {"sum of unfinished fragments",
       [](auto& p) { return p.frame(0x01, "abc") + p.header(0x00, 2); }, fail,
       compression::off, 4},
      {"limit of nothing", [](auto& p) { return p.text("a"); }, fail,
       compression::off, 0},
      {"plain message where compression is agreed",
       [](auto& p) { return p.header(0x81, 1025); }, fail, compression::on},
      {"inflated size", [](auto& p) { return p.frame(0xC1, hello_deflated); },
       fail, compression::on, 4},
      {"inflated size of fragments",
       [](auto& p) {
         return p.frame(0x41, hello_deflated.substr(0, 3))
                + p.frame(0x00, hello_deflated.substr(3, 3));
       },
       fail, compression::on, 4},
  });
}

CAF_TEST(close frames are read by RFC 6455 5.5.1 and 7.4) {
  std::vector<row> rows{
      {"5.5.1 empty", [](auto& p) { return p.frame(0x88, ""); },
       "close 1005 \n"},
      {"5.5.1 code only", [](auto& p) { return p.close(1001); },
       "close 1001 \n"},
      {"5.5.1 code and reason", [](auto& p) { return p.close(1000, "bye"); },
       "close 1000 bye\n"},
      {"5.5.1 nothing is read behind it",
       [](auto& p) { return p.close(1000) + p.frame(0xBF, "junk"); },
       "close 1000 \nstopped\n"},
      {"5.5.1 one byte", [](auto& p) { return p.frame(0x88, "\x03"); },
       "fail 1002\n"},
      {"5.5.1 reason not UTF-8", [](auto& p) { return p.close(1000, "\xFF"); },
       "fail 1007\n"},
      {"5.5.1 reason cut", [](auto& p) { return p.close(1000, "\xE2\x82"); },
       "fail 1007\n"},
  };
  for (auto code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012,
                    1013, 1014, 3000, 3999, 4000, 4999})
    rows.push_back({"7.4 valid " + std::to_string(code),
                    [code](auto& p) { return p.close(code); },
                    "close " + std::to_string(code) + " \n"});
  for (auto code :
       {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
    rows.push_back({"7.4 invalid " + std::to_string(code),
                    [code](auto& p) { return p.close(code); }, "fail 1002\n"});
  run(rows);
}

CAF_TEST(compressed messages are read by RFC 7692) {
  auto hello_again = octets({0xf2, 0x00, 0x11, 0x00, 0x00});
  run({
      {"7.2.3.1 one block",
       [](auto& p) { return p.frame(0xC1, hello_deflated); }, "text Hello\n",
       compression::on},
      {"7.2.3.1 fragments",
       [](auto& p) {
         return p.frame(0x41, hello_deflated.substr(0, 3)) + p.ping("x")
                + p.frame(0x80, hello_deflated.substr(3));
       },
       "ping x\ntext Hello\n", compression::on},
      {"7.2.3.2 shared window",
       [&](auto& p) {
         return p.frame(0xC1, hello_deflated) + p.frame(0xC1, hello_again);
       },
       "text Hello\ntext Hello\n", compression::on},
      {"7.1.1 window of an earlier message, not taken over",
       [&](auto& p) {
         return p.frame(0xC1, hello_deflated) + p.frame(0xC1, hello_again);
       },
       "text Hello\nfail 1007\n", compression::no_takeover},
      {"7.2.3.3 block without compression",
       [](auto& p) {
         return p.frame(0xC1,
                        octets({0, 5, 0, 0xfa, 0xff}) + "Hello" + octets({0}));
       },
       "text Hello\n", compression::on},
      {"7.2.3.4 block with BFINAL",
       [](auto& p) {
         auto final_block = octets({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0, 0});
         return p.frame(0xC1, final_block) + p.frame(0xC1, hello_deflated)
                + p.frame(0xC1, final_block);
       },
       "text Hello\ntext Hello\ntext Hello\n", compression::on},
      {"7.2.3.5 two blocks",
       [](auto& p) {
         return p.frame(0xC1, octets({0xf2, 0x48, 0x05, 0, 0, 0, 0xff, 0xff,
                                      0xca, 0xc9, 0xc9, 0x07, 0}));
       },
       "text Hello\n", compression::on},
      {"7.2.3.6 empty message",
       [](auto& p) { return p.frame(0xC1, octets({0})); }, "text \n",
       compression::on},
      {"empty message without any block",
       [](auto& p) {
         return p.frame(0xC1, "") + p.frame(0xC1, hello_deflated);
       },
       "text \ntext Hello\n", compression::on},
      {"empty last fragment",
       [](auto& p) {
         return p.frame(0x41, hello_deflated) + p.frame(0x80, "")
                + p.frame(0xC1, hello_deflated);
       },
       "text Hello\ntext Hello\n", compression::on},
      {"6 plain message between compressed ones",
       [&](auto& p) {
         return p.frame(0xC1, hello_deflated) + p.text("plain")
                + p.frame(0xC1, hello_again);
       },
       "text Hello\ntext plain\ntext Hello\n", compression::on},
      {"7.2.2 not a deflate stream",
       [](auto& p) {
         return p.frame(0xC2, octets({0x06, 0xFF, 0xFF}));
       },
       "fail 1007\n", compression::on},
      {"7.2.2 cut inside a block",
       [](auto& p) { return p.frame(0xC2, hello_deflated.substr(0, 4)); },
       "fail 1007\n", compression::on},
      {"7.2.2 stored block whose bytes do not come",
       [](auto& p) {
         return p.frame(0xC2, octets({0, 4, 0, 0xfb, 0xff}));
       },
       "fail 1007\n", compression::on},
      {"distance behind the stream's begin",
       [&](auto& p) { return p.frame(0xC2, hello_again); }, "fail 1007\n",
       compression::on},
  });
}
