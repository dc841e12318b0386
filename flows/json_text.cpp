#include "flows/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <span>

#include "net/utf8.hpp"

namespace switchboard::flows {

namespace {

void append_string(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (auto c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += digits[(c >> 4) & 0xF];
          out += digits[c & 0xF];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

template <class Number>
void append_digits(std::string& out, Number number) {
  std::array<char, 32> buffer;
  auto [end, ignored] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  out.append(buffer.data(), end);
}

} // namespace

void append_number(std::string& out, double number) {
  constexpr double exact = 9007199254740992.0;
  if (std::isfinite(number) && std::trunc(number) == number
      && std::abs(number) < exact)
    append_digits(out, static_cast<std::int64_t>(number));
  else
    append_digits(out, number);
}

void append_json(std::string& out, const boost::json::value& x) {
  switch (x.kind()) {
    case boost::json::kind::null:
      out += "null";
      break;
    case boost::json::kind::bool_:
      out += x.get_bool() ? "true" : "false";
      break;
    case boost::json::kind::int64:
      append_digits(out, x.get_int64());
      break;
    case boost::json::kind::uint64:
      append_digits(out, x.get_uint64());
      break;
    case boost::json::kind::double_:
      if (std::isfinite(x.get_double()))
        append_number(out, x.get_double());
      else
        out += "null";
      break;
    case boost::json::kind::string:
      append_string(out, {x.get_string().data(), x.get_string().size()});
      break;
    case boost::json::kind::array: {
      out += '[';
      auto first = true;
      for (auto& item : x.get_array()) {
        if (!first)
          out += ',';
        first = false;
        append_json(out, item);
      }
      out += ']';
      break;
    }
    case boost::json::kind::object: {
      out += '{';
      auto first = true;
      for (auto& member : x.get_object()) {
        if (!first)
          out += ',';
        first = false;
        append_string(out, {member.key().data(), member.key().size()});
        out += ':';
        append_json(out, member.value());
      }
      out += '}';
      break;
    }
  }
}

bool is_utf8(std::string_view bytes) noexcept {
  return net::is_utf8(std::as_bytes(std::span{bytes}));
}

} // namespace switchboard::flows
