#include <algorithm>
#include <string>
#include <vector>

#include "net/deflate.hpp"
#include "fuzz_input.hpp"

using namespace switchboard;
using namespace switchboard::net;

namespace {

using buffer = std::vector<std::byte>;

inflate_result inflate_cut(inflater& with, std::span<const std::byte> in,
                           std::uint8_t seed, buffer& out, std::size_t limit) {
  fuzz::cuts cut{seed};
  for (;;) {
    auto size = std::min(cut.next(), in.size());
    auto last = size == in.size();
    auto result = with.feed(in.first(size), last, out, limit);
    fuzz::require(out.size() <= limit, "the output keeps to the limit");
    if (last || result != inflate_result::ok)
      return result;
    in = in.subspan(size);
  }
}

/// Hostile bytes: the limit holds, and cuts change nothing.
void inflate_hostile(fuzz::input in) {
  auto bits = 8 + in.number() % 8;
  auto limit = std::size_t{in.number()} * 64;
  auto seed = in.number();
  auto no_takeover = (in.number() & 1) != 0;
  auto bytes = in.rest();
  inflater whole{bits, no_takeover};
  inflater cut{bits, no_takeover};
  // Twice, so that the window of the first is there for the second.
  for (auto round = 0; round < 2; ++round) {
    buffer whole_out;
    auto verdict = whole.feed(fuzz::bytes_of(bytes), true, whole_out, limit);
    fuzz::require(whole_out.size() <= limit, "the output keeps to the limit");
    buffer cut_out;
    auto other = inflate_cut(cut, fuzz::bytes_of(bytes), seed, cut_out, limit);
    fuzz::require((verdict == inflate_result::ok)
                      == (other == inflate_result::ok),
                  "cuts change no verdict");
    if (verdict != inflate_result::ok)
      return;
    fuzz::require(whole_out == cut_out, "cuts change no output");
  }
}

/// Our own messages come back as they were.
void round_trip(fuzz::input in) {
  auto bits = 8 + in.number() % 8;
  auto no_takeover = (in.number() & 1) != 0;
  auto level = in.number() % 10;
  auto memory_level = 1 + in.number() % 9;
  auto seed = in.number();
  auto repeat = std::size_t{1} << in.number() % 6;
  deflater squeeze{bits, no_takeover, level, memory_level};
  inflater expand{bits, no_takeover};
  for (auto round = 0; round < 3; ++round) {
    auto line = in.line();
    std::string message;
    for (std::size_t i = 0; i < repeat; ++i)
      message += line;
    buffer wire;
    squeeze.message(fuzz::bytes_of(message), wire);
    buffer out;
    fuzz::require(inflate_cut(expand, wire, seed, out, message.size())
                      == inflate_result::ok,
                  "a message of ours can be read");
    auto expected = fuzz::bytes_of(message);
    fuzz::require(
        std::equal(out.begin(), out.end(), expected.begin(), expected.end()),
        "a message comes back as it was");
  }
}

void negotiate(fuzz::input in) {
  compression_options options;
  options.enabled = true;
  options.server_max_window_bits = 9 + in.number() % 7;
  options.client_max_window_bits = 9 + in.number() % 7;
  auto flags = in.number();
  options.server_no_context_takeover = (flags & 1) != 0;
  options.client_no_context_takeover = (flags & 2) != 0;
  auto header = in.rest();
  std::string answer;
  auto agreed = accept_deflate_offer(header, options, answer);
  fuzz::require(agreed.has_value() != answer.empty(),
                "an agreement has an answer");
  if (agreed) {
    fuzz::require(
        agreed->server_max_window_bits <= options.server_max_window_bits
            && agreed->client_max_window_bits <= options.client_max_window_bits,
        "windows keep to our bounds");
    compression_options anything;
    anything.enabled = true;
    auto valid = false;
    auto read = read_deflate_answer(answer, anything, valid);
    fuzz::require(valid && read == agreed, "our answer reads as we meant it");
  }
  auto valid = false;
  auto read = read_deflate_answer(header, options, valid);
  fuzz::require(valid || !read, "nothing is agreed on an invalid answer");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  switch (in.number() % 3) {
    case 0:
      inflate_hostile(in);
      break;
    case 1:
      round_trip(in);
      break;
    default:
      negotiate(in);
      break;
  }
  return 0;
}
