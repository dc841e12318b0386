#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <switchboard/switchboard.hpp>

#include "service/api/backend.hpp"
#include "service/api/guard.hpp"
#include "service/api/http.hpp"
#include "service/api/limits.hpp"
#include "service/api/return_path.hpp"
#include "service/api/router.hpp"
#include "service/api/stream.hpp"
#include "service/api/tap_feed.hpp"

namespace switchboard::service::api {

/// What all connections of a server share. Outlives the API's loop.
struct shared_state {
  backend served;
  guard access;
  limits bounds;
  bridge_actor bridge;
  std::shared_ptr<return_path> back;
  report_function report;
};

/// One HTTP connection: reads a request, answers it, reads the next one. Lives
/// on the API's thread.
class connection : public std::enable_shared_from_this<connection> {
public:
  using tcp = boost::asio::ip::tcp;

  connection(tcp::socket socket, const shared_state& shared);

  /// Serves until the client or a deadline ends it; keeps itself alive.
  /// @param on_end called when it is over.
  void start(std::function<void()> on_end);

  /// Answers with a refusal and closes.
  void refuse(answer what, std::function<void()> on_end);

  /// Ends after the request in work, at once where there is none.
  void wind_down();

  /// Ends what is streamed, if anything is.
  void end_stream(const std::string& reason);

  /// Ends now.
  void cut();

private:
  using parser =
      boost::beast::http::request_parser<boost::beast::http::string_body>;

  /// Where an answer of the registry comes in.
  struct waiter;

  boost::asio::awaitable<void> serve();
  /// @returns false where TLS has failed.
  boost::asio::awaitable<bool> encrypt();
  /// @returns whether to go on with the next request.
  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<bool> wait_for_request();
  /// @returns the refusal of a body that did not come as it should.
  boost::asio::awaitable<std::optional<answer>> read_body(parser& in,
                                                          const route& to);
  boost::asio::awaitable<answer> ask(question what);
  boost::asio::awaitable<bool> write(answer what, const parser* of, bool keep);
  void note(const parser& of, unsigned status) const;

  // What is streamed; see connection_tap.cpp.
  /// @returns whether to go on with the next request.
  boost::asio::awaitable<bool> serve_tap(live_tap what, const parser& in);
  boost::asio::awaitable<bool> write_tap_head(const parser& in);
  boost::asio::awaitable<bool> write_tap(std::string text, bool chunked);
  void watch_client(std::shared_ptr<tap_feed> feed);
  boost::asio::awaitable<void> linger();

  /// Refuses what needs no body to be refused.
  std::optional<answer> check(const parser& in, route_match& match,
                              request& out) const;
  std::optional<answer> check_sender(const parser& in) const;
  std::optional<answer> check_framing(const parser& in, const route& to) const;
  std::size_t body_limit(const route& to) const noexcept;

  /// Cancels what the socket does when the time is over.
  void arm(std::chrono::nanoseconds time);
  void disarm();

  stream stream_;
  const shared_state& shared_;
  boost::beast::flat_buffer buffer_;
  boost::asio::steady_timer deadline_;
  std::uint64_t deadline_turn_ = 0;
  bool timed_out_ = false;
  /// Whether the client has shown a certificate that counts.
  bool certified_ = false;
  bool busy_ = false;
  bool winding_down_ = false;
  /// The client may still be sending when we close.
  bool unread_ = false;
  std::weak_ptr<waiter> waiter_;
  /// While something is streamed.
  std::weak_ptr<tap_feed> feed_;
};

} // namespace switchboard::service::api
