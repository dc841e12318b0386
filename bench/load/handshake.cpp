#include "bench/load/handshake.hpp"

#include <array>

#include <openssl/evp.h>
#include <strings.h>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

constexpr std::string_view key = "c3dpdGNoYm9hcmQtYmVuYw==";
constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t max_head_bytes = 16 * 1024;

std::string accept_for(std::string_view nonce) {
  auto text = std::string{nonce} + std::string{guid};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(),
                 nullptr)
      != 1)
    throw failure{"no SHA-1 in this OpenSSL"};
  std::array<unsigned char, 64> encoded{};
  auto length =
      EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return {encoded.begin(), encoded.begin() + length};
}

/// The value of a header in a head; empty where there is none.
std::string_view header_of(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    auto end = head.find("\r\n");
    auto line = head.substr(0, end);
    if (line.size() > name.size() && line[name.size()] == ':'
        && ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
      auto value = line.substr(name.size() + 1);
      auto first = value.find_first_not_of(" \t");
      auto last = value.find_last_not_of(" \t");
      return first == value.npos ? std::string_view{}
                                 : value.substr(first, last - first + 1);
    }
    head.remove_prefix(end == head.npos ? head.size() : end + 2);
  }
  return {};
}

} // namespace

handshake::handshake(const endpoint& to, const std::string& subprotocol,
                     const std::string& extensions)
    : accept_(accept_for(key)), offers_(!extensions.empty()) {
  request_ = "GET " + to.target + " HTTP/1.1\r\nHost: " + to.host + ':'
             + std::to_string(to.port)
             + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
             + std::string{key} + "\r\n";
  if (!subprotocol.empty())
    request_ += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n";
  if (!extensions.empty())
    request_ += "Sec-WebSocket-Extensions: " + extensions + "\r\n";
  request_ += "\r\n";
}

std::size_t handshake::check(std::string_view answer) const {
  auto end = answer.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (answer.size() > max_head_bytes)
      throw failure{"the answer to the handshake has no end"};
    return 0;
  }
  auto head = answer.substr(0, end + 2);
  auto status = head.substr(0, head.find("\r\n"));
  if (!status.starts_with("HTTP/1.1 101"))
    throw failure{"the handshake was answered: " + std::string{status}};
  if (header_of(head, "Sec-WebSocket-Accept") != accept_)
    throw failure{"wrong Sec-WebSocket-Accept"};
  if (offers_ && header_of(head, "Sec-WebSocket-Extensions").empty())
    throw failure{"the server does not agree to permessage-deflate"};
  return end + 4;
}

} // namespace switchboard::bench
