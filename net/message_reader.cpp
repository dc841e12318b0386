#include "net/message_reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace switchboard::net {

namespace {

/// The buffer of the message joined last on this thread: the next one finds
/// its memory there, and a connection between two messages holds none. Larger
/// ones are given back.
thread_local std::vector<std::byte> spare_buffer;
constexpr std::size_t largest_spare = 64 * 1024;

void borrow(std::vector<std::byte>& buffer) noexcept {
  if (buffer.capacity() == 0)
    buffer.swap(spare_buffer);
}

void give_back(std::vector<std::byte>&& buffer) noexcept {
  if (buffer.capacity() > largest_spare
      || buffer.capacity() <= spare_buffer.capacity())
    return;
  buffer.clear();
  spare_buffer.swap(buffer);
}

constexpr message_reader::violation not_utf8{close_codes::invalid_data,
                                             "text is not UTF-8"};
constexpr message_reader::violation too_large{close_codes::message_too_large,
                                              "message larger than the limit"};

/// The longest payload whose length stands in a header's second byte.
constexpr std::size_t max_short_payload = 125;

/// Of a compressed message that may be delivered in parts, so much is inflated
/// at a time: it becomes at most a thousand times as much.
constexpr std::size_t deflated_slice = 1024;

/// What a frame's first byte says where it begins and ends a message as it is:
/// FIN set, no reserved bit.
constexpr std::optional<opcode> begins_message(std::byte first) noexcept {
  switch (std::to_integer<std::uint8_t>(first)) {
    case 0x81:
      return opcode::text;
    case 0x82:
      return opcode::binary;
    default:
      return std::nullopt;
  }
}

} // namespace

message_reader::message_reader(
    role self, std::size_t max_message_size,
    const std::optional<deflate_agreement>& compression)
    : max_message_size_(max_message_size), self_(self) {
  if (!compression)
    return;
  auto from_client = self == role::server;
  inflate_window_bits_ = static_cast<std::uint8_t>(
      from_client ? compression->client_max_window_bits
                  : compression->server_max_window_bits);
  inflate_no_context_takeover_ = from_client
                                     ? compression->client_no_context_takeover
                                     : compression->server_no_context_takeover;
}

bool message_reader::inside_message() const noexcept {
  return message_opcode_ != opcode::continuation;
}

void message_reader::discard() noexcept {
  ended_ = true;
  message_opcode_ = opcode::continuation;
  give_back(std::exchange(message_, {}));
  inflater_.reset();
  control_.reset();
}

message_reader::result message_reader::consume(std::span<std::byte> bytes,
                                               message_sink& sink) {
  result out;
  while (!ended_) {
    if (!inside_frame_ && !inside_message() && head_size_ == 0
        && (!take_short(bytes, sink, out) || out.consumed == bytes.size()))
      break;
    if (!inside_frame_ && !take_header(bytes.subspan(out.consumed), out))
      break;
    auto size = static_cast<std::size_t>(
        std::min<std::uint64_t>(remaining_, bytes.size() - out.consumed));
    if (compressed_ && part_size_ != 0 && !is_control(frame_opcode_))
      size = std::min(size, deflated_slice);
    if (size == 0 && remaining_ != 0)
      break;
    auto piece = bytes.subspan(out.consumed, size);
    if (self_ == role::server) {
      apply_mask(piece, key_, key_offset_);
      key_offset_ =
          static_cast<std::uint8_t>((key_offset_ + size) % key_.size());
    }
    out.consumed += size;
    remaining_ -= size;
    auto done = remaining_ == 0;
    inside_frame_ = !done;
    auto go_on = is_control(frame_opcode_)
                     ? take_control(piece, done, sink, out.failure)
                     : take_data(piece, done, sink, out.failure);
    if (!go_on)
      break;
  }
  if (out.failure.code != 0)
    ended_ = true;
  if (ended_)
    discard();
  return out;
}

bool message_reader::take_short(std::span<std::byte> bytes, message_sink& sink,
                                result& out) {
  auto masked = self_ == role::server;
  std::size_t head_size = masked ? 6 : 2;
  for (auto rest = bytes.subspan(out.consumed); rest.size() >= head_size;
       rest = bytes.subspan(out.consumed)) {
    auto op = begins_message(rest[0]);
    auto size = std::to_integer<std::size_t>(rest[1]) ^ (masked ? 0x80 : 0);
    if (!op || size > max_short_payload || size > max_message_size_
        || size > rest.size() - head_size)
      return true;
    auto payload = rest.subspan(head_size, size);
    if (masked) {
      mask_key key;
      std::memcpy(key.data(), &rest[2], key.size());
      apply_mask(payload, key);
    }
    out.consumed += head_size + size;
    if (*op == opcode::text && !is_utf8(payload)) {
      out.failure = not_utf8;
      return false;
    }
    if (!sink.on_message(*op, payload))
      return false;
  }
  return true;
}

std::string_view
message_reader::judge(const frame_header& header) const noexcept {
  if (header.rsv2 || header.rsv3)
    return "reserved bit set";
  if (header.masked != (self_ == role::server))
    return header.masked ? "frame from a server is masked"
                         : "frame from a client is not masked";
  auto op = static_cast<opcode>(header.raw_opcode);
  switch (op) {
    case opcode::continuation:
      if (header.rsv1)
        return "reserved bit set";
      if (!inside_message())
        return "continuation of no message";
      return {};
    case opcode::text:
    case opcode::binary:
      if (header.rsv1 && inflate_window_bits_ == 0)
        return "reserved bit set";
      if (inside_message())
        return "message begun inside another";
      return {};
    case opcode::close:
    case opcode::ping:
    case opcode::pong:
      if (header.rsv1)
        return "reserved bit set";
      if (!header.fin)
        return "control frame in fragments";
      if (header.payload_length > max_control_payload)
        return "control frame too long";
      return {};
  }
  return "reserved opcode";
}

bool message_reader::take_header(std::span<const std::byte> bytes,
                                 result& out) {
  if (bytes.empty())
    return false;
  auto view = bytes;
  if (head_size_ != 0) {
    auto taken = std::min(head_.size() - head_size_, bytes.size());
    std::memcpy(head_.data() + head_size_, bytes.data(), taken);
    view = std::span{head_}.first(head_size_ + taken);
  }
  frame_header header;
  std::size_t size = 0;
  auto status = read_header(view, header, size);
  if (view.size() >= 2) {
    if (auto reason = judge(header); !reason.empty()) {
      out.failure = {close_codes::protocol_error, reason};
      return false;
    }
  }
  switch (status) {
    case header_result::bad_length:
      out.failure = {close_codes::protocol_error, "bad payload length"};
      return false;
    case header_result::need_more:
      if (head_size_ == 0)
        std::memcpy(head_.data(), view.data(), view.size());
      head_size_ = static_cast<std::uint8_t>(view.size());
      out.consumed += bytes.size();
      return false;
    case header_result::complete:
      break;
  }
  out.consumed += size - head_size_;
  head_size_ = 0;
  out.failure = begin_frame(header);
  return out.failure.code == 0;
}

message_reader::violation
message_reader::begin_frame(const frame_header& header) noexcept {
  frame_opcode_ = static_cast<opcode>(header.raw_opcode);
  frame_fin_ = header.fin;
  key_ = header.key;
  key_offset_ = 0;
  remaining_ = header.payload_length;
  inside_frame_ = true;
  if (is_control(frame_opcode_))
    return {};
  if (frame_opcode_ != opcode::continuation) {
    message_opcode_ = frame_opcode_;
    compressed_ = header.rsv1;
  }
  if (!compressed_
      && header.payload_length > max_message_size_ - message_size())
    return too_large;
  return {};
}

bool message_reader::take_control(std::span<const std::byte> piece, bool done,
                                  message_sink& sink, violation& failure) {
  std::unique_ptr<std::array<std::byte, max_control_payload>> held;
  auto payload = piece;
  if (control_size_ != 0 || !done) {
    if (!control_)
      control_ = std::make_unique<std::array<std::byte, max_control_payload>>();
    if (!piece.empty())
      std::memcpy(control_->data() + control_size_, piece.data(), piece.size());
    control_size_ = static_cast<std::uint8_t>(control_size_ + piece.size());
    if (!done)
      return true;
    payload = std::span{*control_}.first(control_size_);
    held = std::move(control_);
    control_size_ = 0;
  }
  if (frame_opcode_ == opcode::ping)
    return sink.on_ping(payload);
  if (frame_opcode_ == opcode::pong)
    return sink.on_pong(payload);
  close_status status;
  if (auto code = read_close_status(payload, status); code != 0) {
    failure = {code, code == close_codes::invalid_data
                         ? "close reason is not UTF-8"
                         : "bad close code"};
    return false;
  }
  ended_ = true;
  sink.on_close(status);
  return false;
}

bool message_reader::take_data(std::span<const std::byte> piece, bool done,
                               message_sink& sink, violation& failure) {
  auto last = done && frame_fin_;
  auto whole = last && !compressed_ && message_.empty() && !in_parts_;
  // What is at hand of an uncompressed one is delivered from where it lies.
  if (!last && !compressed_ && part_size_ != 0
      && message_.size() + piece.size() >= part_size_)
    in_parts_ = true;
  if (compressed_) {
    failure = take_deflated(piece, last);
  } else {
    if (message_opcode_ == opcode::text && !utf8_.feed(piece))
      failure = not_utf8;
    else if (!whole && !in_parts_)
      failure = take_plain(piece);
  }
  if (failure.code == 0 && last && !utf8_.complete())
    failure = not_utf8;
  if (failure.code != 0)
    return false;
  if (compressed_) {
    in_parts_ = in_parts_
                || (!last && part_size_ != 0 && message_.size() >= part_size_);
    if (in_parts_ && (last || message_.size() >= part_size_))
      return deliver_part({}, last, sink);
  } else if (in_parts_) {
    return deliver_part(piece, last, sink);
  }
  if (!last)
    return true;
  auto op = std::exchange(message_opcode_, opcode::continuation);
  utf8_.reset();
  if (whole)
    return sink.on_message(op, piece);
  auto joined = std::exchange(message_, {});
  auto go_on = sink.on_message(op, joined);
  give_back(std::move(joined));
  return go_on;
}

bool message_reader::deliver_part(std::span<const std::byte> piece, bool last,
                                  message_sink& sink) {
  auto op = message_opcode_;
  part_place place{delivered_ == 0, last && piece.empty()};
  auto gathered = std::exchange(message_, {});
  auto go_on = true;
  if (!gathered.empty() || piece.empty()) {
    delivered_ += gathered.size();
    go_on = sink.on_part(op, gathered, place);
    give_back(std::move(gathered));
    place.first = false;
  }
  if (!piece.empty()) {
    delivered_ += piece.size();
    place.last = last;
    go_on = sink.on_part(op, piece, place) && go_on;
  }
  if (last) {
    message_opcode_ = opcode::continuation;
    utf8_.reset();
    delivered_ = 0;
    in_parts_ = false;
  }
  return go_on;
}

message_reader::violation
message_reader::take_plain(std::span<const std::byte> piece) {
  borrow(message_);
  message_.insert(message_.end(), piece.begin(), piece.end());
  return {};
}

message_reader::violation
message_reader::take_deflated(std::span<const std::byte> piece, bool last) {
  if (!inflater_)
    inflater_ = std::make_unique<inflater>(inflate_window_bits_,
                                           inflate_no_context_takeover_);
  borrow(message_);
  auto before = message_.size();
  auto status =
      inflater_->feed(piece, last, message_, max_message_size_ - delivered_);
  // What came out before the stream went wrong is judged first, so that the
  // verdict does not hang on how the bytes were cut.
  if (message_opcode_ == opcode::text
      && !utf8_.feed(std::span{message_}.subspan(before)))
    return not_utf8;
  if (status == inflate_result::too_large)
    return too_large;
  if (status == inflate_result::corrupt)
    return {close_codes::invalid_data, "compressed message is corrupt"};
  // Without a history to keep there is no reason to keep its memory.
  if (last && inflate_no_context_takeover_)
    inflater_.reset();
  return {};
}

} // namespace switchboard::net
