#include <algorithm>
#include <string>

#include "net/message_reader.hpp"
#include "fuzz_input.hpp"

using namespace switchboard;
using namespace switchboard::net;

namespace {

constexpr std::size_t limit = 4096;

class recorder : public message_sink {
public:
  std::string events;
  bool closed = false;
  /// Every so many events the reader is told to stop; 0: never.
  unsigned stop_every = 0;

  virtual ~recorder() = default;

  bool on_message(opcode op, std::span<const std::byte> payload) override {
    fuzz::require(op == opcode::text || op == opcode::binary,
                  "a message is text or binary");
    fuzz::require(payload.size() <= limit, "a message keeps to the limit");
    fuzz::require(op != opcode::text || is_utf8(payload), "text is UTF-8");
    return note(op == opcode::text ? 't' : 'b', payload);
  }

  bool on_ping(std::span<const std::byte> payload) override {
    fuzz::require(payload.size() <= max_control_payload, "a ping is short");
    return note('i', payload);
  }

  bool on_pong(std::span<const std::byte> payload) override {
    fuzz::require(payload.size() <= max_control_payload, "a pong is short");
    return note('o', payload);
  }

  void on_close(const close_status& status) override {
    fuzz::require(status.code == close_codes::no_status
                      || is_sendable(status.code),
                  "a close code is one that may be sent");
    fuzz::require(status.reason.size() <= 123, "a reason is short");
    note('c', std::as_bytes(std::span{status.reason}));
    closed = true;
  }

private:
  bool note(char what, std::span<const std::byte> payload) {
    fuzz::require(!closed, "nothing comes after a close frame");
    events += what;
    events += std::to_string(payload.size());
    events += ':';
    events.append(reinterpret_cast<const char*>(payload.data()),
                  payload.size());
    return stop_every == 0 || ++count_ % stop_every != 0;
  }

  unsigned count_ = 0;
};

struct outcome {
  std::string events;
  close_code failure = 0;
};

/// @param seed of the cuts; 0: whole.
outcome play(role self, const std::optional<deflate_agreement>& agreement,
             std::string bytes, std::uint8_t seed, unsigned stop_every) {
  message_reader reader{self, limit, agreement};
  recorder sink;
  sink.stop_every = stop_every;
  fuzz::cuts cut{seed};
  auto rest = std::as_writable_bytes(std::span{bytes});
  while (!rest.empty()) {
    auto size = seed == 0 ? rest.size() : std::min(cut.next(), rest.size());
    auto before = sink.events.size();
    auto [consumed, failure] = reader.consume(rest.first(size), sink);
    fuzz::require(consumed <= size, "no more is taken than was given");
    fuzz::require(reader.buffered_bytes() <= 64 * 1024 + 4 * limit,
                  "a buffer stays near the limit");
    if (failure.code != 0) {
      fuzz::require(failure.code == 1002 || failure.code == 1007
                        || failure.code == 1009,
                    "a failure is 1002, 1007 or 1009");
      fuzz::require(!failure.reason.empty(), "a failure has a reason");
      fuzz::require(!sink.closed, "a stream closes or fails");
      return {sink.events, failure.code};
    }
    if (sink.closed)
      break;
    fuzz::require(consumed == size || sink.events.size() > before,
                  "reading stops only behind an event");
    rest = rest.subspan(consumed);
  }
  return {sink.events, 0};
}

/// What must be the same however the bytes were cut.
void compare(const outcome& whole, const outcome& cut, bool inflating) {
  // How soon an inflater sees that a stream is corrupt or outgrows the limit
  // depends on how far it can look ahead: what lies behind may be judged
  // before it, or not at all.
  auto of_inflater = [](close_code code) {
    return code == 1007 || code == 1009;
  };
  auto ahead =
      inflating && (of_inflater(cut.failure) || of_inflater(whole.failure));
  fuzz::require(cut.failure == whole.failure || ahead,
                "cuts change no verdict");
  auto shared = std::min(cut.events.size(), whole.events.size());
  fuzz::require(cut.events.size() == whole.events.size() || ahead,
                "cuts change no number of events");
  fuzz::require(cut.events.compare(0, shared, whole.events, 0, shared) == 0,
                "cuts change no event");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto flags = in.number();
  auto seed = static_cast<std::uint8_t>(in.number() | 1);
  auto self = (flags & 1) != 0 ? role::server : role::client;
  std::optional<deflate_agreement> agreement;
  if ((flags & 2) != 0) {
    agreement.emplace();
    agreement->client_max_window_bits = 8 + (flags >> 5);
    agreement->server_max_window_bits = 8 + (flags >> 5);
    agreement->client_no_context_takeover = (flags & 4) != 0;
    agreement->server_no_context_takeover = (flags & 4) != 0;
  }
  auto bytes = in.rest();
  auto whole = play(self, agreement, bytes, 0, 0);
  auto cut = play(self, agreement, bytes, seed, 0);
  auto stopped = play(self, agreement, bytes, seed, 2);
  compare(whole, cut, agreement.has_value());
  // After a stop the rest is cut anew.
  compare(whole, stopped, agreement.has_value());
  return 0;
}
