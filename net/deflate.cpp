#include "net/deflate.hpp"

#include <algorithm>
#include <array>

#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>

namespace switchboard::net {

namespace zlib = boost::beast::zlib;

namespace {

/// Both directions work through a piece of the stack, so that what is appended
/// is as large as what came out and nothing is zeroed first.
constexpr std::size_t piece_size = 16 * 1024;

/// The empty stored block that ends every message, without its first byte
/// (RFC 7692 §7.2.1).
constexpr std::array<std::byte, 4> tail{std::byte{0x00}, std::byte{0x00},
                                        std::byte{0xFF}, std::byte{0xFF}};

void append(std::vector<std::byte>& out, const std::byte* first,
            std::size_t count) {
  out.insert(out.end(), first, first + count);
}

/// What Beast's z_params::data_type tells: the bits taken but not yet used.
constexpr int pending_bits = 63;

/// Whether it says that the stream stands at a byte's and a block's end.
bool stands_between_blocks(int data_type) noexcept {
  constexpr int between_blocks = 128;
  return (data_type & between_blocks) != 0 && (data_type & pending_bits) == 0;
}

} // namespace

struct inflater::state {
  zlib::inflate_stream stream;
  bool no_context_takeover = false;
  bool between_blocks = true;
  /// Whether a block with BFINAL was met since this was last set to false.
  bool ended = false;
  /// The last bytes of earlier pieces, for `drive` to go back to.
  std::array<std::byte, 4> recent{};

  inflate_result run(std::span<const std::byte> in, std::vector<std::byte>& out,
                     std::size_t limit);
  inflate_result drive(std::span<const std::byte> in,
                       std::vector<std::byte>& out, std::size_t limit);

  void restart() {
    stream.reset();
    between_blocks = true;
  }
};

inflate_result inflater::state::run(std::span<const std::byte> in,
                                    std::vector<std::byte>& out,
                                    std::size_t limit) {
  auto result = drive(in, out, limit);
  auto fresh = in.last(std::min(in.size(), recent.size()));
  std::shift_left(recent.begin(), recent.end(),
                  static_cast<std::ptrdiff_t>(fresh.size()));
  std::copy(fresh.begin(), fresh.end(),
            recent.end() - static_cast<std::ptrdiff_t>(fresh.size()));
  return result;
}

inflate_result inflater::state::drive(std::span<const std::byte> in,
                                      std::vector<std::byte>& out,
                                      std::size_t limit) {
  if (in.empty())
    return inflate_result::ok;
  std::array<std::byte, piece_size> piece;
  zlib::z_params params;
  params.next_in = in.data();
  params.avail_in = in.size();
  for (;;) {
    auto room = limit - std::min(limit, out.size());
    // One byte more than may come: it tells a full message from an overlong.
    auto given = room < piece.size() ? room + 1 : piece.size();
    params.next_out = piece.data();
    params.avail_out = given;
    boost::beast::error_code failure;
    stream.write(params, zlib::Flush::sync, failure);
    auto stream_end = failure == zlib::error::end_of_stream;
    auto stuck = failure == zlib::error::need_buffers;
    if (failure && !stream_end && !stuck)
      return inflate_result::corrupt;
    auto made = given - params.avail_out;
    append(out, piece.data(), std::min(made, room));
    if (made > room)
      return inflate_result::too_large;
    if (stream_end) {
      // A block with BFINAL set ends the deflate stream but not the message
      // (RFC 7692 §7.2.3.4): the next block begins a stream of its own. Beast
      // looks up to two bytes ahead for the end's code; they belong to the
      // new stream, and may have come with an earlier piece.
      auto ahead =
          static_cast<std::size_t>(params.data_type & pending_bits) / 8;
      auto here = std::min(ahead, in.size() - params.avail_in);
      params.avail_in += here;
      params.next_in = in.data() + (in.size() - params.avail_in);
      ended = true;
      restart();
      auto result = drive(std::span{recent}.last(ahead - here), out, limit);
      if (result != inflate_result::ok || params.avail_in == 0)
        return result;
      continue;
    }
    if (stuck)
      return inflate_result::ok;
    between_blocks = stands_between_blocks(params.data_type);
    if (params.avail_in == 0 && params.avail_out != 0)
      return inflate_result::ok;
  }
}

inflater::inflater(int window_bits, bool no_context_takeover)
    : state_(std::make_unique<state>()) {
  state_->stream.reset(window_bits);
  state_->no_context_takeover = no_context_takeover;
}

inflater::~inflater() = default;
inflater::inflater(inflater&&) noexcept = default;
inflater& inflater::operator=(inflater&&) noexcept = default;

inflate_result inflater::feed(std::span<const std::byte> in, bool fin,
                              std::vector<std::byte>& out, std::size_t limit) {
  auto result = state_->run(in, out, limit);
  if (result != inflate_result::ok || !fin)
    return result;
  // Some senders leave the tail where it is, or send nothing at all for an
  // empty message: then no block is open that the tail could end.
  if (!state_->between_blocks) {
    auto before = out.size();
    state_->ended = false;
    result = state_->run(tail, out, limit);
    // A last block with BFINAL and nothing behind it ends with the tail's
    // first bits, of which Beast needs to see some.
    auto complete = state_->between_blocks || state_->ended;
    if (result != inflate_result::ok || out.size() != before || !complete)
      return inflate_result::corrupt;
    if (state_->ended)
      state_->restart();
  }
  if (state_->no_context_takeover)
    state_->restart();
  return inflate_result::ok;
}

struct deflater::state {
  zlib::deflate_stream stream;
  bool no_context_takeover = false;
};

deflater::deflater(int window_bits, bool no_context_takeover, int level,
                   int memory_level)
    : state_(std::make_unique<state>()) {
  state_->stream.reset(level, window_bits, memory_level,
                       zlib::Strategy::normal);
  state_->no_context_takeover = no_context_takeover;
}

deflater::~deflater() = default;
deflater::deflater(deflater&&) noexcept = default;
deflater& deflater::operator=(deflater&&) noexcept = default;

void deflater::message(std::span<const std::byte> in,
                       std::vector<std::byte>& out) {
  // The stream has nothing to flush then (RFC 7692 §7.2.3.6).
  if (in.empty()) {
    out.push_back(std::byte{0});
    return;
  }
  std::array<std::byte, piece_size> piece;
  zlib::z_params params;
  params.next_in = in.data();
  params.avail_in = in.size();
  for (;;) {
    params.next_out = piece.data();
    params.avail_out = piece.size();
    boost::beast::error_code failure;
    state_->stream.write(params, zlib::Flush::sync, failure);
    append(out, piece.data(), piece.size() - params.avail_out);
    if (failure || params.avail_out != 0)
      break;
  }
  out.resize(out.size() - tail.size());
  if (state_->no_context_takeover)
    state_->stream.reset();
}

} // namespace switchboard::net
