#include "bench/load/frame_train.hpp"

#include <algorithm>
#include <array>

namespace switchboard::bench {

namespace {

// What one write takes at most: as much as a send buffer has by default.
constexpr std::size_t train_bytes = 128 * 1024;

} // namespace

std::vector<std::byte> masked_frame(std::string_view payload, net::opcode op,
                                    bool rsv1) {
  const net::mask_key key{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21},
                          std::byte{0x3d}};
  std::array<std::byte, net::max_header_bytes> header{};
  auto size = net::write_header(header, op, payload.size(), true, rsv1, &key);
  std::vector<std::byte> result{
      header.begin(), header.begin() + static_cast<std::ptrdiff_t>(size)};
  auto bytes = std::as_bytes(std::span{payload});
  result.insert(result.end(), bytes.begin(), bytes.end());
  net::apply_mask(std::span{result}.subspan(size), key);
  return result;
}

frame_train::frame_train(std::string_view payload, net::opcode op, bool rsv1) {
  auto frame = masked_frame(payload, op, rsv1);
  frame_bytes_ = frame.size();
  auto copies = std::max<std::size_t>(1, train_bytes / frame_bytes_);
  bytes_.reserve(copies * frame_bytes_);
  for (std::size_t i = 0; i < copies; ++i)
    bytes_.insert(bytes_.end(), frame.begin(), frame.end());
}

} // namespace switchboard::bench
