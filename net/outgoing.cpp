#include "net/outgoing.hpp"

#include <cstring>
#include <new>
#include <utility>

#include "net/block_pool.hpp"
#include "net/memory_account.hpp"

namespace switchboard::net {

outgoing_frame* outgoing_frame::make(opcode op, std::size_t room) {
  auto size = sizeof(outgoing_frame) + max_header_bytes + room;
  auto block = block_pool::take(size);
  auto frame = ::new (block) outgoing_frame{op};
  frame->block_size_ = size;
  memory_account::add(size);
  return frame;
}

void outgoing_frame::destroy(const outgoing_frame* what) noexcept {
  auto size = what->block_size_;
  memory_account::subtract(size + what->trailing().size());
  what->~outgoing_frame();
  block_pool::give_back(const_cast<outgoing_frame*>(what), size);
}

void outgoing_frame::write_header_before(std::size_t body_size, bool rsv1,
                                         const mask_key* key) noexcept {
  auto size = header_size(body_size, key != nullptr);
  write_header({storage() + max_header_bytes - size, size}, op_, body_size,
               fin_, rsv1, key);
  header_size_ = static_cast<std::uint8_t>(size);
  body_size_ = body_size;
}

frame_ptr outgoing_frame::share(opcode op,
                                std::shared_ptr<const std::string> bytes,
                                bool rsv1) {
  if (!bytes || bytes->size() <= most_copied)
    return copy(op,
                bytes ? std::as_bytes(std::span{*bytes})
                      : std::span<const std::byte>{},
                rsv1);
  auto frame = make(op, 0);
  frame->write_header_before(bytes->size(), rsv1, nullptr);
  frame->shared_ = std::move(bytes);
  // Each shard that encodes it counts it: too much is safer than too little.
  memory_account::add(frame->trailing().size());
  return frame_ptr{frame};
}

frame_ptr outgoing_frame::copy(opcode op, std::span<const std::byte> bytes,
                               bool rsv1, const mask_key* key) {
  auto frame = make(op, bytes.size());
  frame->write_header_before(bytes.size(), rsv1, key);
  frame->write_body(bytes, key);
  return frame_ptr{frame};
}

frame_ptr outgoing_frame::fragment(opcode op, std::span<const std::byte> bytes,
                                   bool fin, const mask_key* key) {
  auto frame = make(op, bytes.size());
  frame->fin_ = fin;
  frame->write_header_before(bytes.size(), false, key);
  frame->write_body(bytes, key);
  return frame_ptr{frame};
}

void outgoing_frame::write_body(std::span<const std::byte> bytes,
                                const mask_key* key) noexcept {
  if (bytes.empty())
    return;
  std::span body{storage() + max_header_bytes, bytes.size()};
  std::memcpy(body.data(), bytes.data(), bytes.size());
  if (key != nullptr)
    apply_mask(body, *key);
}

outgoing_message::outgoing_message(opcode op,
                                   std::shared_ptr<const std::string> bytes)
    : op_(op), bytes_(std::move(bytes)) {}

outgoing_message::outgoing_message(opcode op,
                                   std::shared_ptr<const large_content> large)
    : op_(op), large_(std::move(large)) {}

const frame_ptr& outgoing_message::plain() {
  if (!plain_)
    plain_ = outgoing_frame::share(op_, bytes_);
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
  auto frame = outgoing_frame::copy(op_, out, true);
  compressed_.push_back({window_bits, level, memory_level, std::move(frame)});
  return compressed_.back().frame;
}

frame_ptr make_control_frame(opcode op, std::span<const std::byte> body,
                             const mask_key* key) {
  return outgoing_frame::copy(op, body, false, key);
}

} // namespace switchboard::net
