#include "net/ntlm_message.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace switchboard::net {

namespace {

constexpr std::string_view second{"NTLMSSP\0\2\0\0\0", 12};
constexpr std::string_view third{"NTLMSSP\0\3\0\0\0", 12};
/// Where the fields begin, in the third message six of them: length, room,
/// offset in eight bytes each.
constexpr std::size_t fields = 12;
constexpr std::size_t field_size = 8;
/// A second message may end behind its reserved bytes; today's go on with the
/// field of the target's description and a version, which its flags announce.
constexpr std::size_t shortest_second = 40;
constexpr std::size_t full_second = 56;
constexpr std::size_t flags_of_second = 20;
constexpr std::uint32_t has_target_info = 0x0080'0000;
constexpr std::size_t workstation_field = 44;
constexpr std::size_t flags = 60;
constexpr std::size_t smallest = 64;
/// Version and signature stand before the payload.
constexpr std::size_t payload_of_signed = 88;
constexpr std::size_t max_name = 255;

std::uint32_t number_at(std::string_view message, std::size_t at,
                        std::size_t size) {
  std::uint32_t result = 0;
  for (std::size_t i = size; i-- > 0;)
    result = result << 8 | static_cast<unsigned char>(message[at + i]);
  return result;
}

void write_number(std::string& message, std::size_t at, std::size_t size,
                  std::size_t value) {
  for (std::size_t i = 0; i < size; ++i, value >>= 8)
    message[at + i] = static_cast<char>(value & 0xff);
}

std::size_t payload_of(std::string_view message) {
  std::size_t result = message.size();
  for (auto at = fields; at < flags; at += field_size)
    if (number_at(message, at, 2) > 0)
      result = std::min<std::size_t>(result, number_at(message, at + 4, 4));
  return result;
}

} // namespace

void mend_ntlm_challenge(std::string& message) {
  if (message.size() < shortest_second || !message.starts_with(second)
      || (number_at(message, flags_of_second, 4) & has_target_info) != 0)
    return;
  auto size = number_at(message, fields, 2);
  auto offset = number_at(message, fields + 4, 4);
  std::string name;
  if (offset <= message.size() && size <= message.size() - offset)
    name = message.substr(offset, size);
  message.resize(shortest_second);
  message.resize(full_second);
  write_number(message, fields, 2, name.size());
  write_number(message, fields + 2, 2, name.size());
  write_number(message, fields + 4, 4, full_second);
  message += name;
}

bool set_ntlm_workstation(std::string& message, std::string_view workstation) {
  bool sendable = workstation.size() <= max_name
                  && std::all_of(workstation.begin(), workstation.end(),
                                 [](char c) { return c > ' ' && c <= '~'; });
  if (!sendable || message.size() < smallest || !message.starts_with(third)
      || payload_of(message) >= payload_of_signed)
    return false;
  bool utf16 = (number_at(message, flags, 1) & 1) != 0;
  auto offset = message.size();
  for (auto c : workstation) {
    message += c;
    if (utf16)
      message += '\0';
  }
  auto size = message.size() - offset;
  write_number(message, workstation_field, 2, size);
  write_number(message, workstation_field + 2, 2, size);
  write_number(message, workstation_field + 4, 4, offset);
  return true;
}

} // namespace switchboard::net
