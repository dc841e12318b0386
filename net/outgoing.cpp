#include "net/outgoing.hpp"

#include <utility>

namespace switchboard::net {

outgoing_frame::outgoing_frame(opcode op,
                               std::shared_ptr<const std::string> bytes,
                               bool rsv1)
    : op_(op), bytes_(std::move(bytes)) {
  header_size_ = static_cast<std::uint8_t>(
      write_header(header_, op, bytes_ ? bytes_->size() : 0, true, rsv1));
}

outgoing_frame::outgoing_frame(opcode op, std::string bytes, bool rsv1,
                               const mask_key* key)
    : op_(op) {
  header_size_ = static_cast<std::uint8_t>(
      write_header(header_, op, bytes.size(), true, rsv1, key));
  if (key != nullptr)
    apply_mask(std::as_writable_bytes(std::span{bytes}), *key);
  bytes_ = std::make_shared<const std::string>(std::move(bytes));
}

std::span<const std::byte> outgoing_frame::body() const noexcept {
  return bytes_ ? std::as_bytes(std::span{*bytes_})
                : std::span<const std::byte>{};
}

outgoing_message::outgoing_message(opcode op,
                                   std::shared_ptr<const std::string> bytes)
    : op_(op), bytes_(std::move(bytes)) {}

const frame_ptr& outgoing_message::plain() {
  if (!plain_)
    plain_ = std::make_shared<const outgoing_frame>(op_, bytes_);
  return plain_;
}

const frame_ptr& outgoing_message::compressed(int window_bits, int level,
                                              int memory_level) {
  for (auto& known : compressed_)
    if (known.window_bits == window_bits && known.level == level
        && known.memory_level == memory_level)
      return known.frame;
  deflater fresh{window_bits, true, level, memory_level};
  std::vector<std::byte> out;
  fresh.message(std::as_bytes(std::span{view()}), out);
  std::string bytes{reinterpret_cast<const char*>(out.data()), out.size()};
  auto frame =
      std::make_shared<const outgoing_frame>(op_, std::move(bytes), true);
  compressed_.push_back({window_bits, level, memory_level, std::move(frame)});
  return compressed_.back().frame;
}

frame_ptr make_control_frame(opcode op, std::span<const std::byte> body,
                             const mask_key* key) {
  std::string bytes{reinterpret_cast<const char*>(body.data()), body.size()};
  return std::make_shared<const outgoing_frame>(op, std::move(bytes), false,
                                                key);
}

} // namespace switchboard::net
