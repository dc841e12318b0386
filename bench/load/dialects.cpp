#include "bench/load/dialects.hpp"

#include <string_view>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

// Without quotes, so that it means the same within JSON.
std::string content_of(std::size_t size) {
  constexpr std::string_view pattern = "room=blue user=someone text=hello; ";
  std::string result(size, ' ');
  for (std::size_t i = 0; i < size; ++i)
    result[i] = pattern[i % pattern.size()];
  return result;
}

talk plain(const std::string& content) {
  talk result;
  result.sent = content;
  result.returned = content;
  return result;
}

// MQTT 3.1.1 §2.2.3 and §1.5.3.
std::string packet(char type, const std::string& body) {
  std::string result{type};
  for (auto left = body.size();; left >>= 7) {
    auto more = left > 0x7f;
    result += static_cast<char>((left & 0x7f) | (more ? 0x80 : 0));
    if (!more)
      break;
  }
  return result + body;
}

std::string field(const std::string& text) {
  return std::string{static_cast<char>(text.size() >> 8),
                     static_cast<char>(text.size() & 0xff)}
         + text;
}

talk mqtt(const std::string& room, const std::string& content) {
  talk result;
  result.speech.subprotocol = "mqtt";
  // Clean session, no keep-alive; the server chooses the client's identifier.
  auto connect =
      field("MQTT") + std::string{'\x04', '\x02', '\0', '\0'} + field("");
  auto subscribe = std::string{'\0', '\x01'} + field(room) + '\0';
  result.speech.greetings = {
      {{packet('\x10', connect), packet('\x82', subscribe)}, "\x90\x03"}};
  result.sent = packet('\x30', field(room) + content);
  result.returned = result.sent;
  return result;
}

talk nats(const std::string& room, const std::string& content) {
  talk result;
  auto size = std::to_string(content.size());
  auto connect = R"(CONNECT {"verbose":false,"pedantic":false,"protocol":1})"
                 "\r\nSUB "
                 + room + " 1\r\nPING\r\n";
  result.speech.greetings = {{{connect}, "PONG\r\n"}};
  result.sent = "PUB " + room + ' ' + size + "\r\n" + content + "\r\n";
  result.returned = "MSG " + room + " 1 " + size + "\r\n" + content + "\r\n";
  return result;
}

talk socket_io(const std::string& room, const std::string& content) {
  talk result;
  result.speech.greetings = {{{"40"}, "40{"}};
  auto event = std::string{"echo"};
  if (!room.empty()) {
    result.speech.greetings.push_back(
        {{R"(42["join",")" + room + R"("])"}, R"(42["joined"])"});
    event = "fan";
  }
  result.sent = R"(42[")" + event + R"(",")" + content + R"("])";
  result.returned = result.sent;
  return result;
}

} // namespace

talk make_talk(const std::string& name, const std::string& room,
               std::size_t size) {
  auto content = content_of(size);
  talk result;
  if (name == "plain")
    result = plain(content);
  else if (name == "mqtt")
    result = mqtt(room.empty() ? "none" : room, content);
  else if (name == "nats")
    result = nats(room.empty() ? "none" : room, content);
  else if (name == "socket.io")
    result = socket_io(room, content);
  else
    throw wrong_usage{"unknown dialect " + name};
  if (name == "mqtt" || name == "nats") {
    result.speech.op = net::opcode::binary;
    result.expected.shared = true;
  }
  result.expected.op = result.speech.op;
  result.expected.length = result.returned.size();
  return result;
}

} // namespace switchboard::bench
