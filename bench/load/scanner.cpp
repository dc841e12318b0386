#include "bench/load/scanner.hpp"

#include <algorithm>
#include <cstring>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

std::size_t scanner::scan(std::span<const std::byte> bytes,
                          const expectation& expected) {
  std::size_t messages = 0;
  while (true) {
    // The common case, a whole unfragmented message of a length below 64 KiB
    // just as expected, is a comparison of its header.
    while (!in_payload_ && header_bytes_ == 0 && !in_message_ && !keep
           && bytes.size() >= 4) {
      auto first = std::to_integer<unsigned>(bytes[0]);
      auto second = std::to_integer<unsigned>(bytes[1]);
      if (first != (0x80U | static_cast<unsigned>(expected.op)) || second > 126)
        break;
      std::size_t header = 2;
      std::size_t length = second;
      if (second == 126) {
        header = 4;
        length = std::to_integer<std::size_t>(bytes[2]) << 8
                 | std::to_integer<std::size_t>(bytes[3]);
      }
      if (length != expected.length || bytes.size() < header + length)
        break;
      bytes = bytes.subspan(header + length);
      ++messages;
    }
    if (!in_payload_) {
      if (bytes.empty())
        return messages;
      auto had = header_bytes_;
      auto more = std::min(bytes.size(), net::max_header_bytes - had);
      std::memcpy(header_ + had, bytes.data(), more);
      net::frame_header header;
      std::size_t size = 0;
      switch (net::read_header({header_, had + more}, header, size)) {
        case net::header_result::bad_length:
          throw failure{"a frame's length is not in its shortest form"};
        case net::header_result::need_more:
          header_bytes_ = static_cast<std::uint8_t>(had + more);
          return messages;
        case net::header_result::complete:
          break;
      }
      bytes = bytes.subspan(size - had);
      header_bytes_ = 0;
      begin_frame(header, expected);
    }
    auto here =
        static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    take_payload(bytes.first(here));
    bytes = bytes.subspan(here);
    if (left_ > 0)
      return messages;
    in_payload_ = false;
    messages += end_frame(expected);
  }
}

void scanner::begin_frame(const net::frame_header& header,
                          const expectation& expected) {
  if (header.masked)
    throw failure{"a masked frame from the server"};
  if (header.rsv2 || header.rsv3)
    throw failure{"a frame with reserved bits set"};
  op_ = static_cast<net::opcode>(header.raw_opcode);
  fin_ = header.fin;
  left_ = header.payload_length;
  in_payload_ = true;
  if (net::is_control(op_)) {
    if (left_ > net::max_control_payload || !fin_)
      throw failure{"a control frame that is too long or fragmented"};
    payload_.clear();
    return;
  }
  if ((op_ == net::opcode::continuation) != in_message_)
    throw failure{"a fragment out of order"};
  if (!in_message_) {
    in_message_ = true;
    message_op_ = op_;
    rsv1_ = header.rsv1;
    if (!expected.shared)
      message_bytes_ = 0;
    if (keep)
      keep->emplace_back();
    if (!expected.anything && op_ != expected.op)
      throw failure{"a message with opcode "
                    + std::to_string(header.raw_opcode)};
    if (rsv1_ && !expected.compressed)
      throw failure{"a compressed message where none was agreed on"};
  }
  message_bytes_ += left_;
}

void scanner::take_payload(std::span<const std::byte> bytes) {
  left_ -= bytes.size();
  auto text = reinterpret_cast<const char*>(bytes.data());
  if (net::is_control(op_))
    payload_.append(text, bytes.size());
  else if (keep && !keep->empty())
    keep->back().append(text, bytes.size());
}

std::size_t scanner::end_frame(const expectation& expected) {
  if (net::is_control(op_)) {
    controls.push_back({op_, payload_});
    return 0;
  }
  if (!fin_)
    return 0;
  in_message_ = false;
  if (expected.shared && expected.length > 0) {
    auto whole = message_bytes_ / expected.length;
    message_bytes_ %= expected.length;
    return static_cast<std::size_t>(whole);
  }
  if (!expected.anything && !rsv1_ && message_bytes_ != expected.length)
    throw failure{"a message of " + std::to_string(message_bytes_)
                  + " bytes instead of " + std::to_string(expected.length)};
  return 1;
}

} // namespace switchboard::bench
