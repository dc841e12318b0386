#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/dial.hpp"
#include "net/dial_stream.hpp"
#include "net/http_authentication.hpp"
#include "net/resolver.hpp"
#include "net/response_reader.hpp"
#include "net/task.hpp"

namespace switchboard::net {

/// The conversation of a dial: who is asked what in which order. Every wait
/// is a `co_await`; a failure is thrown as a `dial_failure` and leaves through
/// `run`'s task.
class dial_conversation {
public:
  dial_conversation(loop& home, resolver& names, const dial_options& options,
                    dial_target target, header_list headers);

  /// Up to a WebSocket.
  task<dialed> run();

  /// TCP, proxy and TLS only.
  task<dialed> test();

  /// What it waits for, to follow "while": for the deadline's report.
  const std::string& stage() const noexcept {
    return stage_;
  }

private:
  using stream_ptr = std::unique_ptr<dial_stream>;

  /// A connection to the target, ready for its first request.
  task<stream_ptr> connect();
  task<stream_ptr> connect_tcp(std::string host, std::uint16_t port);
  task<stream_ptr> connect_through(const proxy_options& proxy);

  /// Sends a request and reads the answer's head.
  task<bool> ask(dial_stream& stream, std::string request,
                 response_reader& reader, const std::string& whom,
                 dial_failure::kind when_closed);

  /// Reads an answer's body as far as it is of use.
  /// @returns whether the connection is good for another request.
  task<bool> read_body(dial_stream& stream, response_reader& reader);

  dialed finish(stream_ptr stream, response_reader& reader,
                std::string subprotocol,
                const std::optional<deflate_agreement>& compression);
  bool needs_proxy() const;
  void begin_authentication();

  /// Turns to where a redirect leads.
  void redirect(const http_response& answer);

  [[noreturn]] void fail(dial_failure::kind what, std::string text) const;
  [[noreturn]] void refuse(const http_response& answer) const;

  loop& loop_;
  resolver& names_;
  const dial_options& options_;
  dial_target target_;
  header_list headers_;
  /// Of the peer; empty without credentials, or behind a redirect to another
  /// origin.
  std::optional<authenticator> credentials_;
  /// The next value of its header.
  std::optional<std::string> proof_;
  std::string stage_;
  int redirects_ = 0;
};

} // namespace switchboard::net
