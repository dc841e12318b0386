#pragma once

#include <memory>
#include <string_view>

#include <switchboard/pinned_handler.hpp>

#include "flows/stream_writer.hpp"

namespace switchboard::flows {

class runner;

/// A message on its way into a stream, and the socket that it comes from.
struct incoming_stream {
  std::shared_ptr<stream_writer> writer;
  /// Null once the message cannot become complete.
  local_socket* from = nullptr;
  /// Keeps the socket, once the message is complete.
  caf::strong_actor_ptr handle;
  /// Whether the socket is not read.
  bool held = false;
};

/// Takes the parts of one message for a runner.
class stream_intake final : public message_parts {
public:
  stream_intake(runner& owner, std::shared_ptr<incoming_stream> what)
      : owner_(owner), what_(std::move(what)) {
    // nop
  }

  ~stream_intake() override;

  bool add(std::string_view bytes) override;
  bool finish() override;

private:
  runner& owner_;
  std::shared_ptr<incoming_stream> what_;
};

} // namespace switchboard::flows
