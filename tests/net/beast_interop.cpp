#define CAF_SUITE beast_interop

#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <caf/test/unit_test.hpp>

#include "net/handshake.hpp"
#include "net/message_reader.hpp"

#include "wire_script.hpp"

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using namespace switchboard;
using namespace switchboard::net;
using namespace wire_script;

namespace {

using memory_stream = beast::test::stream;

websocket::permessage_deflate beast_options(const compression_options& ours) {
  websocket::permessage_deflate result;
  result.client_enable = ours.enabled;
  result.server_max_window_bits = ours.server_max_window_bits;
  result.client_max_window_bits = ours.client_max_window_bits;
  result.server_no_context_takeover = ours.server_no_context_takeover;
  result.client_no_context_takeover = ours.client_no_context_takeover;
  return result;
}

std::vector<compression_options> all_options() {
  std::vector<compression_options> result(1);
  for (auto bits : {9, 12, 15})
    for (auto no_takeover : {false, true}) {
      compression_options options;
      options.enabled = true;
      options.server_max_window_bits = bits;
      options.client_max_window_bits = bits;
      options.server_no_context_takeover = no_takeover;
      options.client_no_context_takeover = no_takeover;
      result.push_back(options);
    }
  return result;
}

std::vector<std::string> messages() {
  std::vector<std::string> result{"", "Hello", "Hello",
                                  "\xE2\x82\xAC and \xF0\x9F\x98\x80", ""};
  for (std::size_t size : {125, 126, 4096, 65535, 65536, 300'000}) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i)
      text += std::to_string(i * i * 7919);
    text.resize(size);
    result.push_back(text);
  }
  return result;
}

/// A Beast client and the server's side of its connection, ours, upgraded by
/// our handshake.
struct conversation {
  boost::asio::io_context context;
  memory_stream wire{context};
  websocket::stream<memory_stream> client{context};
  std::optional<deflate_agreement> agreement;

  explicit conversation(const compression_options& options) {
    client.next_layer().connect(wire);
    client.set_option(beast_options(options));
    client.read_message_max(1024 * 1024);
    beast::error_code outcome = boost::asio::error::would_block;
    client.async_handshake("example.org", "/chat?x=1",
                           [&](beast::error_code ec) { outcome = ec; });
    context.poll();
    request_reader reader{16 * 1024};
    std::size_t consumed = 0;
    auto text = arrived();
    CAF_REQUIRE(reader.feed(as_span(text), consumed)
                == request_reader::status::complete);
    upgrade_terms terms;
    CAF_REQUIRE(!judge_upgrade(reader.take(), terms));
    std::string answer;
    agreement = accept_deflate_offer(terms.extensions, options, answer);
    send(render_upgrade_response(terms.key, {}, answer));
    context.restart();
    context.poll();
    CAF_REQUIRE_EQUAL(outcome.message(), beast::error_code{}.message());
    CAF_REQUIRE_EQUAL(agreement.has_value(), options.enabled);
  }

  /// What the client has written so far.
  std::string arrived() {
    std::string result{wire.str()};
    wire.clear();
    return result;
  }

  void send(std::string_view bytes) {
    boost::asio::write(wire, boost::asio::buffer(bytes));
  }
};

std::string server_frame(opcode op, std::string_view payload, bool fin,
                         bool rsv1) {
  std::array<std::byte, max_header_bytes> header;
  auto size = write_header(header, op, payload.size(), fin, rsv1);
  return std::string{as_text(std::span{header}.first(size))}
         + std::string{payload};
}

std::string expected_event(std::string_view text) {
  recorder sink;
  sink.on_message(opcode::text, as_span(text));
  return sink.events;
}

} // namespace

CAF_TEST(what a Beast client sends is what our reader finds) {
  for (auto& options : all_options()) {
    for (std::size_t fragment : {0, 4096}) {
      for (std::size_t piece : {0, 1, 1000}) {
        conversation talk{options};
        talk.client.text(true);
        talk.client.auto_fragment(fragment != 0);
        if (fragment != 0)
          talk.client.write_buffer_bytes(fragment);
        message_reader reader{role::server, 1024 * 1024, talk.agreement};
        for (auto& message : messages()) {
          talk.client.write(boost::asio::buffer(message));
          auto seen = play(reader, talk.arrived(), piece);
          CAF_CHECK(seen == expected_event(message));
        }
        talk.client.ping("are you there");
        CAF_CHECK_EQUAL(play(reader, talk.arrived(), piece),
                        "ping are you there\n");
      }
    }
  }
}

CAF_TEST(what we send is what a Beast client finds) {
  for (auto& options : all_options()) {
    for (auto fragments : {false, true}) {
      conversation talk{options};
      std::optional<deflater> squeeze;
      if (talk.agreement)
        squeeze.emplace(talk.agreement->server_max_window_bits,
                        talk.agreement->server_no_context_takeover,
                        options.level, options.memory_level);
      for (auto& message : messages()) {
        auto payload = message;
        if (squeeze) {
          std::vector<std::byte> out;
          squeeze->message(as_span(message), out);
          payload = as_text(out);
        }
        if (fragments) {
          auto middle = payload.size() / 2;
          talk.send(server_frame(opcode::text, payload.substr(0, middle), false,
                                 squeeze.has_value()));
          talk.send(server_frame(opcode::ping, "between", true, false));
          talk.send(server_frame(opcode::continuation, payload.substr(middle),
                                 true, false));
        } else {
          talk.send(
              server_frame(opcode::text, payload, true, squeeze.has_value()));
        }
        beast::flat_buffer seen;
        beast::error_code failure;
        talk.client.read(seen, failure);
        CAF_REQUIRE_EQUAL(failure.message(), beast::error_code{}.message());
        CAF_CHECK(talk.client.got_text());
        CAF_CHECK(beast::buffers_to_string(seen.data()) == message);
      }
    }
  }
}

CAF_TEST(a Beast client reads our close frame and we read its answer) {
  conversation talk{compression_options{}};
  std::array<std::byte, max_control_payload> payload;
  auto size = write_close_status(payload, 4001, "enough");
  talk.send(server_frame(opcode::close, as_text(std::span{payload}.first(size)),
                         true, false));
  beast::flat_buffer seen;
  beast::error_code failure;
  // The client answers and then waits for the end of the stream.
  talk.wire.close();
  talk.client.read(seen, failure);
  CAF_CHECK(failure);
  CAF_CHECK_EQUAL(talk.client.reason().code, 4001);
  CAF_CHECK_EQUAL(std::string_view{talk.client.reason().reason.c_str()},
                  "enough");
}
