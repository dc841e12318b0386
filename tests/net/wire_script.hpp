#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/message_reader.hpp"

/// What the codec's tests share: frames built by hand, without the code under
/// test, and a sink that writes down what the reader found.
namespace wire_script {

using switchboard::net::close_status;
using switchboard::net::deflate_agreement;
using switchboard::net::message_reader;
using switchboard::net::message_sink;
using switchboard::net::opcode;
using switchboard::net::role;

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::span<const std::byte> as_span(std::string_view text) {
  return std::as_bytes(std::span{text});
}

inline std::span<std::byte> as_writable_span(std::string& text) {
  return std::as_writable_bytes(std::span{text});
}

/// Bytes given by number, zeros included.
inline std::string octets(std::initializer_list<int> values) {
  std::string result;
  for (auto value : values)
    result += static_cast<char>(value);
  return result;
}

/// The end that talks to the reader.
struct peer {
  /// Whether it masks: a client does.
  bool masks = true;

  /// @param first the first byte: FIN, reserved bits, opcode.
  /// @param length_bytes 0: shortest form; 2 or 8: that many.
  std::string frame(int first, std::string_view payload,
                    int length_bytes = 0) const {
    auto result = header(first, payload.size(), length_bytes);
    if (!masks)
      return result += payload;
    auto key = result.substr(result.size() - 4);
    for (std::size_t i = 0; i < payload.size(); ++i)
      result += static_cast<char>(payload[i] ^ key[i % 4]);
    return result;
  }

  std::string header(int first, std::uint64_t length,
                     int length_bytes = 0) const {
    if (length_bytes == 0 && length > 125)
      length_bytes = length > 0xFFFF ? 8 : 2;
    auto code = length_bytes == 0   ? static_cast<int>(length)
                : length_bytes == 2 ? 126
                                    : 127;
    auto result = octets({first, (masks ? 0x80 : 0) | code});
    for (auto i = length_bytes; i > 0; --i)
      result += static_cast<char>(length >> (8 * (i - 1)));
    if (masks)
      result += octets({0x37, 0xFA, 0x21, 0x3D});
    return result;
  }

  std::string text(std::string_view payload) const {
    return frame(0x81, payload);
  }

  std::string ping(std::string_view payload) const {
    return frame(0x89, payload);
  }

  std::string close(int code, std::string_view reason = {}) const {
    return frame(0x88, octets({code >> 8, code & 0xFF}) + std::string{reason});
  }
};

/// Writes events down, one line each.
class recorder : public message_sink {
public:
  std::string events;
  /// How many events more the reader may go on after.
  std::size_t patience = std::numeric_limits<std::size_t>::max();

  virtual ~recorder() = default;

  bool on_message(opcode op, std::span<const std::byte> payload) override {
    return note(op == opcode::text ? "text " : "binary ", as_text(payload));
  }

  bool on_ping(std::span<const std::byte> payload) override {
    return note("ping ", as_text(payload));
  }

  bool on_pong(std::span<const std::byte> payload) override {
    return note("pong ", as_text(payload));
  }

  void on_close(const close_status& status) override {
    note("close ", std::to_string(status.code) + " " + status.reason);
  }

private:
  bool note(std::string_view what, std::string_view payload) {
    events += what;
    if (payload.size() <= 64)
      events += payload;
    else
      events += std::to_string(payload.size()) + " bytes "
                + std::to_string(std::hash<std::string_view>{}(payload));
    events += '\n';
    if (patience == 0)
      return false;
    return --patience > 0;
  }
};

/// Feeds bytes in pieces and returns the events, with a last line
/// `fail CODE` where a rule was broken.
inline std::string play(message_reader& reader, std::string bytes,
                        std::size_t piece = 0) {
  recorder sink;
  auto rest = as_writable_span(bytes);
  if (piece == 0)
    piece = bytes.size();
  while (!rest.empty()) {
    auto now = rest.first(std::min(piece, rest.size()));
    auto [consumed, failure] = reader.consume(now, sink);
    if (failure.code != 0)
      return sink.events + "fail " + std::to_string(failure.code) + "\n";
    if (consumed < now.size())
      return sink.events + "stopped\n";
    rest = rest.subspan(consumed);
  }
  return sink.events;
}

} // namespace wire_script
