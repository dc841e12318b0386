#define CAF_SUITE utf8

#include "net/utf8.hpp"

#include <string>
#include <vector>

#include <caf/test/unit_test.hpp>

#include "wire_script.hpp"

using namespace std::string_literals;
using namespace switchboard::net;
using namespace wire_script;

namespace {

struct row {
  std::string what;
  std::string text;
};

/// @returns how many bytes pass before the refusal; all where there is none.
std::size_t accepted(std::string_view text, std::size_t piece) {
  utf8_checker checker;
  for (std::size_t i = 0; i < text.size(); i += piece)
    if (!checker.feed(as_span(text.substr(i, piece))))
      return i;
  return text.size();
}

/// A second opinion, by decoding (RFC 3629 §3).
bool decodes(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    auto lead = static_cast<unsigned char>(text[i]);
    std::size_t length = lead < 0x80             ? 1
                         : (lead & 0xE0) == 0xC0 ? 2
                         : (lead & 0xF0) == 0xE0 ? 3
                         : (lead & 0xF8) == 0xF0 ? 4
                                                 : 0;
    if (length == 0 || i + length > text.size())
      return false;
    char32_t point = length == 1 ? lead : lead & (0x7F >> length);
    for (std::size_t k = 1; k < length; ++k) {
      auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0) != 0x80)
        return false;
      point = point << 6 | (next & 0x3F);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < least[length] || point > 0x10FFFF
        || (point >= 0xD800 && point <= 0xDFFF))
      return false;
    i += length;
  }
  return true;
}

} // namespace

CAF_TEST(valid text passes in any cut) {
  std::vector<row> rows{
      {"empty", ""},
      {"zero", "\0"s},
      {"ascii", "The quick brown fox jumps over the lazy dog, twice and more."},
      {"Greek kosme", "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5"},
      {"first of 2 bytes", "\xC2\x80"},
      {"last of 2 bytes", "\xDF\xBF"},
      {"first of 3 bytes", "\xE0\xA0\x80"},
      {"last before the surrogates", "\xED\x9F\xBF"},
      {"first behind the surrogates", "\xEE\x80\x80"},
      {"replacement character", "\xEF\xBF\xBD"},
      {"U+FFFE and U+FFFF", "\xEF\xBF\xBE\xEF\xBF\xBF"},
      {"first of 4 bytes", "\xF0\x90\x80\x80"},
      {"last of all", "\xF4\x8F\xBF\xBF"},
      {"behind seven ascii", "1234567\xE2\x82\xAC"},
      {"behind 31 ascii", std::string(31, 'a') + "\xE2\x82\xAC"},
  };
  for (auto& [what, text] : rows) {
    CAF_CHECK_EQUAL(what + (is_utf8(as_span(text)) ? "" : " refused"), what);
    for (std::size_t piece = 1; piece <= text.size(); ++piece)
      CAF_CHECK_EQUAL(accepted(text, piece), text.size());
  }
}

CAF_TEST(invalid text is refused at the byte that makes it certain) {
  struct bad_row {
    std::string what;
    std::string text;
    std::size_t good;
  };
  std::vector<bad_row> rows{
      {"lone continuation, first", "\x80", 0},
      {"lone continuation, last", "\xBF", 0},
      {"two continuations", "a\x80\xBF", 1},
      {"overlong slash, 2 bytes", "\xC0\xAF", 0},
      {"overlong slash, 3 bytes", "\xE0\x80\xAF", 1},
      {"overlong slash, 4 bytes", "\xF0\x80\x80\xAF", 1},
      {"5 bytes", "\xF8\x88\x80\x80\x80", 0},
      {"6 bytes", "\xFC\x84\x80\x80\x80\x80", 0},
      {"overlong zero", "\xC0\x80", 0},
      {"overlong U+007F", "\xC1\xBF", 0},
      {"overlong U+07FF", "\xE0\x9F\xBF", 1},
      {"overlong U+FFFF", "\xF0\x8F\xBF\xBF", 1},
      {"FE", "\xFE", 0},
      {"FF", "\xFF", 0},
      {"first surrogate", "\xED\xA0\x80", 1},
      {"last surrogate", "\xED\xBF\xBF", 1},
      {"surrogate pair", "x\xED\xA0\x80\xED\xB0\x80", 2},
      {"above U+10FFFF", "\xF4\x90\x80\x80", 1},
      {"F5", "\xF5\x80\x80\x80", 0},
      {"cut by ascii",
       "\xE2\x82"
       "a",
       2},
      {"cut by a lead", "\xE2\xE2\x82\xAC", 1},
      {"behind eight ascii", "12345678\xFF", 8},
      {"behind 40 ascii", std::string(40, 'a') + "\xFF", 40},
  };
  for (auto& [what, text, good] : rows) {
    CAF_CHECK_EQUAL(what + (is_utf8(as_span(text)) ? " accepted" : ""), what);
    CAF_CHECK_EQUAL(what + " " + std::to_string(accepted(text, 1)),
                    what + " " + std::to_string(good));
  }
}

CAF_TEST(text that ends inside a code point is not complete) {
  for (auto text :
       {"\xC3", "\xE2", "\xE2\x82", "\xF0", "\xF0\x9F", "\xF0\x9F\x98"}) {
    utf8_checker checker;
    CAF_CHECK(checker.feed(as_span(text)));
    CAF_CHECK(!checker.complete());
    CAF_CHECK(!is_utf8(as_span(text)));
    checker.reset();
    CAF_CHECK(checker.complete());
    CAF_CHECK(checker.feed(as_span("a")));
  }
}

CAF_TEST(a refusal is final) {
  utf8_checker checker;
  CAF_CHECK(!checker.feed(as_span("\xFF")));
  CAF_CHECK(!checker.feed(as_span("a")));
  CAF_CHECK(!checker.feed({}));
  CAF_CHECK(!checker.complete());
}

CAF_TEST(every text of two bytes and many of four agree with a decoder) {
  for (unsigned i = 0; i < 0x10000; ++i) {
    std::string text{static_cast<char>(i >> 8), static_cast<char>(i)};
    CAF_REQUIRE_EQUAL(is_utf8(as_span(text)), decodes(text));
  }
  constexpr unsigned char edges[] = {
      0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2,
      0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF};
  for (auto a : edges)
    for (auto b : edges)
      for (auto c : edges)
        for (auto d : edges) {
          std::string text{static_cast<char>(a), static_cast<char>(b),
                           static_cast<char>(c), static_cast<char>(d)};
          CAF_REQUIRE_EQUAL(is_utf8(as_span(text)), decodes(text));
        }
}

CAF_TEST(a bad byte is found wherever it stands in a text of any length) {
  for (std::size_t size = 1; size <= 140; ++size) {
    std::string text(size, 'a');
    CAF_REQUIRE(is_utf8(as_span(text)));
    for (std::size_t at = 0; at < size; ++at) {
      text[at] = '\xFF';
      CAF_REQUIRE(!is_utf8(as_span(text)));
      text[at] = 'a';
    }
  }
}
