#include "bench/load/compression.hpp"

#include <zlib.h>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

constexpr std::string_view tail{"\0\0\xff\xff", 4};
constexpr std::size_t most_inflated_bytes = 64 * 1024 * 1024;

Bytef* bytes_of(const char* text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text));
}

} // namespace

std::string deflated(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw failure{"zlib cannot deflate"};
  std::string result(deflateBound(&stream, text.size()) + 16, '\0');
  stream.next_in = bytes_of(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = bytes_of(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_SYNC_FLUSH);
  result.resize(stream.total_out - tail.size());
  deflateEnd(&stream);
  return result;
}

std::string inflated(std::string_view bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, -15) != Z_OK)
    throw failure{"zlib cannot inflate"};
  auto input = std::string{bytes} + std::string{tail};
  std::string result;
  stream.next_in = bytes_of(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  auto status = Z_OK;
  while (status == Z_OK && stream.avail_in > 0
         && result.size() < most_inflated_bytes) {
    char chunk[4096];
    stream.next_out = bytes_of(chunk);
    stream.avail_out = sizeof chunk;
    status = inflate(&stream, Z_SYNC_FLUSH);
    result.append(chunk, sizeof chunk - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
    throw failure{"a message that cannot be inflated"};
  return result;
}

} // namespace switchboard::bench
