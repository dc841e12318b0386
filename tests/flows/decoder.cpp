#define CAF_SUITE flows.decoder

#include "flows/decoder.hpp"

#include <caf/test/unit_test.hpp>

#include "tests/flows/making.hpp"

using namespace std::literals;
using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

/// The text, or `!` and what is wrong.
std::string decoded(std::string_view bytes, const std::string& encoding) {
  std::string problem;
  auto result = decode(bytes, encoding, problem);
  return result ? *result : "!" + problem;
}

} // namespace

CAF_TEST(encodings are known by the names that people use) {
  for (auto name : {"UTF-8", "utf8", "ISO-8859-1", "latin1", "windows-1252",
                    "UTF-16", "UTF-16LE", "Shift_JIS", "US-ASCII", "EUC-KR"})
    CAF_CHECK(is_encoding(name));
  for (auto name : {"", "klingon", "UTF-8 ", "UTF-8,version=1", "\xC3\xA9"})
    CAF_CHECK(!is_encoding(name));
}

CAF_TEST(text of any encoding becomes UTF - 8) {
  CAF_CHECK_EQUAL(decoded("caf\xE9", "ISO-8859-1"), "café");
  CAF_CHECK_EQUAL(decoded("\x80", "windows-1252"), "€");
  CAF_CHECK_EQUAL(decoded("\x3D\xD8\x00\xDE!\0"sv, "UTF-16LE"), "😀!");
  CAF_CHECK_EQUAL(decoded("\x93\xFA\x96\x7B", "Shift_JIS"), "日本");
  CAF_CHECK_EQUAL(decoded("😀", "UTF-8"), "😀");
  CAF_CHECK_EQUAL(decoded("", "UTF-16LE"), "");
}

CAF_TEST(text longer than one piece is decoded whole) {
  std::string bytes;
  std::string expected;
  for (auto i = 0; i < 5'000; ++i) {
    bytes += "a\0\x3D\xD8\x00\xDE"sv;
    expected += "a😀";
  }
  CAF_CHECK(decoded(bytes, "UTF-16LE") == expected);
}

CAF_TEST(what does not fit is named with its offset) {
  CAF_CHECK_EQUAL(decoded("abc\xE9", "US-ASCII"),
                  "!byte 0xE9 at offset 3 does not fit the encoding US-ASCII");
  CAF_CHECK_EQUAL(decoded("ab\xFF"
                          "c",
                          "UTF-8"),
                  "!byte 0xFF at offset 2 does not fit the encoding UTF-8");
  CAF_CHECK_EQUAL(decoded("a\xC3(", "UTF-8"),
                  "!byte 0xC3 at offset 1 does not fit the encoding UTF-8");
  CAF_CHECK_EQUAL(decoded("\x93\xFA\x80z", "Shift_JIS").substr(0, 24),
                  "!byte 0x80 at offset 2 d");
  CAF_CHECK_EQUAL(decoded("a\0\x00\xDE"sv, "UTF-16LE"),
                  "!byte 0x00 at offset 2 does not fit the encoding UTF-16LE");
  // Far behind the first piece.
  CAF_CHECK_EQUAL(
      decoded(std::string(10'000, 'x') + "\xE9", "US-ASCII"),
      "!byte 0xE9 at offset 10000 does not fit the encoding US-ASCII");
}

CAF_TEST(a character that is cut off is named with its offset) {
  CAF_CHECK_EQUAL(decoded("ab\xE2\x82", "UTF-8"),
                  "!a character of the encoding UTF-8 is cut off at offset 2");
  CAF_CHECK_EQUAL(
      decoded("a\0b"sv, "UTF-16LE"),
      "!a character of the encoding UTF-16LE is cut off at offset 2");
}

CAF_TEST(expressions see an encoded payload as UTF - 8) {
  auto in = make_scope(make_encoded("caf\xE9", "ISO-8859-1"));
  CAF_CHECK_EQUAL(text_of("#[payload .. '!']", in), "café!");
  CAF_CHECK_EQUAL(text_of("<#[payload]>", in), "<café>");
  CAF_CHECK_EQUAL(text_of("#[#payload]", in), "5");
}

CAF_TEST(encoded JSON is read by its type) {
  auto in = make_scope(
      make_encoded("{\"n\":\"caf\xE9\"}", "ISO-8859-1", "application/json"));
  CAF_CHECK_EQUAL(text_of("#[payload.n]", in), "café");
  CAF_CHECK_EQUAL(text_of("#[payload.n:upper()]", in), "CAFé");
}

CAF_TEST(bytes that do not fit fail whoever looks at them) {
  auto in = make_scope(make_encoded("ab\xE9", "US-ASCII"));
  for (auto text : {"#[payload .. '!']", "<#[payload]>"})
    CAF_CHECK(contains(text_of(text, in),
                       "!the payload: byte 0xE9 at offset 2 does not fit the "
                       "encoding US-ASCII"));
}

CAF_TEST(an encoded payload is passed on as it came) {
  auto doc = make_encoded("caf\xE9", "ISO-8859-1");
  auto same = to_payload(doc, std::nullopt);
  CAF_CHECK(same.binary());
  CAF_CHECK_EQUAL(same.view(), "caf\xE9");
  // As text it has to be UTF-8.
  auto text = to_payload(doc, false);
  CAF_CHECK(!text.binary());
  CAF_CHECK_EQUAL(text.view(), "café");
}

CAF_TEST(text messages are UTF - 8 whatever the encoding) {
  std::optional<std::string> type;
  std::optional<std::string> encoding = "UTF-16LE";
  document doc{payload{"é"}, type, nullptr, encoding};
  doc.prepare();
  CAF_CHECK(!doc.is_encoded());
  CAF_CHECK_EQUAL(doc.text(), "é");
}

CAF_TEST(a flow with an unknown encoding is not compiled) {
  auto flow = make_flow("f", {});
  flow.output_encoding = "klingon";
  auto made = compile({flow});
  CAF_CHECK(made.value == nullptr);
  CAF_REQUIRE_EQUAL(made.diagnostics.size(), 1u);
  CAF_CHECK_EQUAL(made.diagnostics[0].message,
                  "flow `f`: output_encoding is `klingon`, which is unknown");
}
