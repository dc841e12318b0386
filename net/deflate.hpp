#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchboard/options.hpp>

#include "net/frame.hpp"

namespace switchboard::net {

/// What both ends agreed on for permessage-deflate (RFC 7692 §7.1).
struct deflate_agreement {
  std::uint8_t server_max_window_bits = 15;
  std::uint8_t client_max_window_bits = 15;
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;

  bool operator==(const deflate_agreement&) const = default;
};

/// Server side: picks the first acceptable permessage-deflate offer out of
/// all `Sec-WebSocket-Extensions` values of a request. Unknown extensions,
/// offers with unknown, repeated or ill-formed parameters are passed over
/// (RFC 7692 §5.1, §7.1).
/// @param answer receives the value for the response's header.
/// @returns `nullopt` where none fits or compression is off.
std::optional<deflate_agreement>
accept_deflate_offer(std::string_view extensions,
                     const compression_options& options, std::string& answer);

/// Client side: the offer for the request's header.
std::string make_deflate_offer(const compression_options& options);

/// Client side: reads the server's answer to `make_deflate_offer(options)`.
/// @param valid set to false where the answer is not one we may go on with
///        (an extension not offered, two of them, a parameter out of range):
///        the connection must then fail (RFC 6455 §4.1).
/// @returns `nullopt` where the server declined.
std::optional<deflate_agreement>
read_deflate_answer(std::string_view extensions,
                    const compression_options& options, bool& valid);

enum class inflate_result : std::uint8_t {
  ok,
  /// The output would grow beyond the limit.
  too_large,
  /// Not a deflate stream.
  corrupt,
};

/// Inflates the messages of one direction of one connection.
class inflater {
public:
  /// @param window_bits of the sending side's window, 8 to 15.
  inflater(int window_bits, bool no_context_takeover);
  ~inflater();
  inflater(inflater&&) noexcept;
  inflater& operator=(inflater&&) noexcept;

  /// Inflates a piece of a message and appends to `out`.
  /// @param fin whether the message ends here; the tail that the sender cut
  ///        off (RFC 7692 §7.2.1) is supplied by us.
  /// @param limit the most bytes that `out` may hold. Holds while inflating:
  ///        `out` never grows beyond it, whatever the input expands to.
  inflate_result feed(std::span<const std::byte> in, bool fin,
                      std::vector<std::byte>& out, std::size_t limit);

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Compresses the messages of one direction of one connection.
class deflater {
public:
  /// @param window_bits 9 to 15 of our own window; 8 is raised to 9 inside
  ///        the stream as zlib does, within what the peer can read.
  deflater(int window_bits, bool no_context_takeover, int level,
           int memory_level);
  ~deflater();
  deflater(deflater&&) noexcept;
  deflater& operator=(deflater&&) noexcept;

  /// Compresses one whole message and appends to `out`, the tail cut off.
  void message(std::span<const std::byte> in, std::vector<std::byte>& out);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace switchboard::net
