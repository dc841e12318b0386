#include "flows/decoder.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <unicode/ucnv.h>
#include <unicode/ucnv_err.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

namespace switchboard::flows {

namespace {

struct close_converter {
  void operator()(UConverter* what) const noexcept {
    ucnv_close(what);
  }
};

using converter_ptr = std::unique_ptr<UConverter, close_converter>;

converter_ptr open(const std::string& name) {
  // ICU takes an empty name for the system's, and what follows a comma for
  // options.
  if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) {
        return c > ' ' && c < '\x7F' && c != ',';
      }))
    return nullptr;
  auto status = U_ZERO_ERROR;
  converter_ptr result{ucnv_open(name.c_str(), &status)};
  return U_SUCCESS(status) ? std::move(result) : nullptr;
}

/// Puts UTF-16 behind UTF-8. Halves of a pair may come in two calls.
class utf8_writer {
public:
  explicit utf8_writer(std::string& out) : out_(out) {
    // nop
  }

  void add(const UChar* first, const UChar* last) {
    for (; first != last; ++first) {
      if (U16_IS_LEAD(*first)) {
        lead_ = *first;
      } else if (U16_IS_TRAIL(*first)) {
        append(U16_GET_SUPPLEMENTARY(lead_, *first));
      } else {
        append(*first);
      }
    }
  }

private:
  void append(UChar32 point) {
    std::array<char, 4> bytes;
    auto size = 0;
    U8_APPEND_UNSAFE(bytes.data(), size, point);
    out_.append(bytes.data(), static_cast<std::size_t>(size));
  }

  std::string& out_;
  UChar lead_ = 0;
};

std::string describe(unsigned char byte, std::size_t offset) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  return std::string{"byte 0x"} + digits[byte >> 4] + digits[byte & 0x0F]
         + " at offset " + std::to_string(offset);
}

} // namespace

bool is_encoding(const std::string& name) {
  return open(name) != nullptr;
}

std::optional<std::string> decode(std::string_view bytes,
                                  const std::string& encoding,
                                  std::string& problem) {
  auto converter = open(encoding);
  if (!converter) {
    problem = "the encoding " + encoding + " is unknown";
    return std::nullopt;
  }
  auto status = U_ZERO_ERROR;
  ucnv_setToUCallBack(converter.get(), UCNV_TO_U_CALLBACK_STOP, nullptr,
                      nullptr, nullptr, &status);
  std::string result;
  result.reserve(bytes.size());
  utf8_writer writer{result};
  std::array<UChar, 4096> piece;
  auto source = bytes.data();
  auto end = bytes.data() + bytes.size();
  for (;;) {
    auto target = piece.data();
    status = U_ZERO_ERROR;
    ucnv_toUnicode(converter.get(), &target, piece.data() + piece.size(),
                   &source, end, nullptr, true, &status);
    writer.add(piece.data(), target);
    if (status == U_BUFFER_OVERFLOW_ERROR)
      continue;
    if (U_SUCCESS(status))
      return result;
    // What was read of the sequence that does not fit lies before `source`.
    std::array<char, 32> rest;
    auto size = static_cast<std::int8_t>(rest.size());
    auto ignored = U_ZERO_ERROR;
    ucnv_getInvalidChars(converter.get(), rest.data(), &size, &ignored);
    auto read = static_cast<std::size_t>(source - bytes.data());
    auto back = static_cast<std::size_t>(std::max<std::int8_t>(size, 0));
    auto offset = read - std::min(read, back);
    problem = status == U_TRUNCATED_CHAR_FOUND || offset >= bytes.size()
                  ? "a character of the encoding " + encoding
                        + " is cut off at offset " + std::to_string(offset)
                  : describe(static_cast<unsigned char>(bytes[offset]), offset)
                        + " does not fit the encoding " + encoding;
    return std::nullopt;
  }
}

} // namespace switchboard::flows
