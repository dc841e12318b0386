#include "net/dial_conversation.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "net/happy_eyeballs.hpp"
#include "net/header_values.hpp"
#include "net/listener.hpp"
#include "net/name_lookup.hpp"
#include "net/upgrade_request.hpp"
#include "net/utf8.hpp"
#include "net/wildcard.hpp"

namespace switchboard::net {

namespace {

constexpr int most_redirects = 5;

/// For all of an answer's body.
constexpr auto body_patience = std::chrono::seconds{2};

/// Of an answer's body, in a failure's text.
constexpr std::size_t told_of_body = 512;

/// How often one proxy is connected to for one tunnel: challenges on
/// connections that it does not keep.
constexpr int most_tunnel_attempts = 6;

constexpr std::string_view method_get = "GET";
constexpr std::string_view method_connect = "CONNECT";

bool is_redirect(unsigned status) noexcept {
  constexpr std::array<unsigned, 5> codes{301, 302, 303, 307, 308};
  return std::find(codes.begin(), codes.end(), status) != codes.end();
}

/// What a peer wrote, fit for a log: control characters and what is no UTF-8
/// become dots.
std::string tame(std::string_view text, std::size_t limit) {
  std::string result{text.substr(0, limit)};
  // A character that the limit has cut.
  while (!result.empty() && text.size() > limit
         && (static_cast<unsigned char>(text[result.size()]) & 0xC0) == 0x80)
    result.pop_back();
  auto text_is_utf8 = is_utf8(std::as_bytes(std::span{result}));
  for (auto& c : result) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !text_is_utf8))
      c = '.';
  }
  return result;
}

/// `403 Forbidden: body`.
std::string describe(const http_response& answer) {
  auto result = std::to_string(answer.status);
  if (!answer.reason.empty())
    result += " " + tame(answer.reason, 80);
  std::string_view body{answer.body};
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r'))
    body.remove_suffix(1);
  if (!body.empty())
    result += ": " + tame(body, told_of_body);
  return result;
}

} // namespace

dial_conversation::dial_conversation(loop& home, resolver& names,
                                     const dial_options& options,
                                     dial_target target, header_list headers)
    : loop_(home),
      names_(names),
      options_(options),
      target_(std::move(target)),
      headers_(std::move(headers)) {}

void dial_conversation::fail(dial_failure::kind what, std::string text) const {
  throw dial_failure{what, std::move(text)};
}

// -- connecting
// -------------------------------------------------------------------

bool dial_conversation::needs_proxy() const {
  if (!options_.proxy)
    return false;
  auto& direct = options_.proxy->non_proxy_hosts;
  return std::none_of(direct.begin(), direct.end(), [&](auto& pattern) {
    return matches_wildcards(target_.host, pattern);
  });
}

task<dial_conversation::stream_ptr>
dial_conversation::connect_tcp(std::string host, std::uint16_t port) {
  dial_target place{true, host, port, {}};
  auto address = authority_of(place, true);
  stage_ = "looking " + host + " up";
  name_lookup lookup{loop_, names_, host, port};
  auto found = co_await lookup;
  if (found.empty())
    fail(dial_failure::kind::connectivity,
         host + " cannot be looked up: " + lookup.error().message());
  stage_ = "connecting to " + address;
  happy_eyeballs eyes{loop_, std::move(found)};
  first_connection first{eyes, {}, {}};
  co_await first;
  if (!first.fd)
    fail(dial_failure::kind::connectivity,
         "cannot connect to " + address + " (" + first.problem + ")");
  co_return std::make_unique<dial_stream>(loop_, std::move(first.fd));
}

task<dial_conversation::stream_ptr>
dial_conversation::connect_through(const proxy_options& proxy) {
  auto whom = "the proxy " + proxy.host + ":" + std::to_string(proxy.port);
  auto place = authority_of(target_, true);
  authenticator credentials{proxy, options_.proxy_digests};
  auto proof = credentials.first_header(method_connect, place);
  stream_ptr stream;
  for (auto attempt = 0; attempt < most_tunnel_attempts; ++attempt) {
    if (!stream)
      stream = co_await connect_tcp(proxy.host, proxy.port);
    stage_ = "waiting for " + whom;
    auto request = "CONNECT " + place + " HTTP/1.1\r\nHost: " + place + "\r\n";
    if (proof)
      request += std::string{credentials.credentials_header()} + ": " + *proof
                 + "\r\n";
    response_reader reader{options_.max_header_size};
    co_await ask(*stream, request + "\r\n", reader, whom,
                 dial_failure::kind::connectivity);
    auto& answer = reader.response();
    if (answer.status / 100 == 2) {
      if (!reader.take_rest().empty())
        fail(dial_failure::kind::connectivity,
             whom + " sent bytes that nobody asked for");
      co_return stream;
    }
    auto kept = co_await read_body(*stream, reader);
    if (answer.status != credentials.status())
      fail(dial_failure::kind::connectivity,
           whom + " answered " + describe(answer));
    proof = credentials.answer(answer.headers, method_connect, place);
    if (!proof)
      fail(dial_failure::kind::connectivity,
           whom + " answered " + std::to_string(answer.status) + ": "
               + credentials.problem());
    if (!kept && credentials.needs_same_connection())
      fail(dial_failure::kind::connectivity,
           whom + " did not keep the connection for its challenge");
    if (!kept)
      stream.reset();
  }
  fail(dial_failure::kind::connectivity, whom + " asks again and again");
}

task<dial_conversation::stream_ptr> dial_conversation::connect() {
  stream_ptr stream;
  if (needs_proxy())
    stream = co_await connect_through(*options_.proxy);
  else
    stream = co_await connect_tcp(target_.host, target_.port);
  if (!target_.secure)
    co_return stream;
  if (!options_.secure_wire)
    fail(dial_failure::kind::connectivity,
         "WSS to " + target_.host + " needs TLS, which is not set up");
  stage_ = "agreeing on TLS with " + target_.host;
  auto problem = co_await stream->encrypt(options_.secure_wire, target_.host);
  if (!problem.empty())
    fail(dial_failure::kind::connectivity,
         "TLS with " + authority_of(target_, true) + " failed: " + problem);
  co_return stream;
}

// -- asking
// -----------------------------------------------------------------------

task<bool> dial_conversation::ask(dial_stream& stream, std::string request,
                                  response_reader& reader,
                                  const std::string& whom,
                                  dial_failure::kind when_closed) {
  // Where that fails, an answer may have come before the connection was lost.
  static_cast<void>(co_await stream.write(std::move(request)));
  for (;;) {
    auto piece = co_await stream.read();
    if (piece.bytes.empty())
      fail(when_closed,
           whom + " closed before its answer was complete"
               + (piece.problem.empty() ? "" : ": " + piece.problem));
    switch (reader.feed(piece.bytes)) {
      case response_reader::status::need_more:
        break;
      case response_reader::status::failed:
        fail(dial_failure::kind::connectivity,
             whom
                 + " answered with something that is no HTTP/1.1, or too "
                   "large");
      default:
        co_return true;
    }
  }
}

task<bool> dial_conversation::read_body(dial_stream& stream,
                                        response_reader& reader) {
  auto now = reader.want_body();
  // The status is what counts; nobody waits long for the words behind it.
  stream.end_reads_at(loop_.now() + body_patience);
  while (now == response_reader::status::need_more) {
    auto piece = co_await stream.read();
    now = piece.bytes.empty() ? reader.end() : reader.feed(piece.bytes);
    if (piece.bytes.empty())
      co_return false;
  }
  stream.end_reads_at(std::nullopt);
  co_return now == response_reader::status::complete&& reader.keeps_alive();
}

void dial_conversation::begin_authentication() {
  if (!options_.authentication)
    return;
  credentials_.emplace(*options_.authentication, target_.host, target_.port,
                       options_.peer_digests);
  proof_ = credentials_->first_header(method_get, target_.request_uri);
}

task<dialed> dial_conversation::run() {
  begin_authentication();
  stream_ptr stream;
  for (;;) {
    if (!stream)
      stream = co_await connect();
    auto whom = authority_of(target_, true);
    stage_ = "waiting for " + whom;
    upgrade_request request;
    request.target = target_;
    request.headers = headers_;
    request.key = make_upgrade_key();
    request.subprotocols = options_.subprotocols;
    if (options_.compression.enabled)
      request.extensions = make_deflate_offer(options_.compression);
    request.preserve_case = options_.preserve_headers_case;
    if (credentials_ && proof_) {
      std::string name{credentials_->credentials_header()};
      std::erase_if(request.headers, [&](auto& pair) {
        return equal_ignoring_case(pair.first, name);
      });
      request.headers.emplace_back(std::move(name), *proof_);
    }
    response_reader reader{options_.max_header_size};
    co_await ask(*stream, render(request), reader, whom,
                 dial_failure::kind::remotely_closed);
    auto& answer = reader.response();
    if (answer.status == 101) {
      upgrade_agreement agreed;
      auto wrong =
          judge_upgrade_answer(answer, request, options_.compression, agreed);
      if (!wrong.empty())
        fail(dial_failure::kind::connectivity,
             whom + " did not upgrade: " + wrong);
      co_return finish(std::move(stream), reader, std::move(agreed.subprotocol),
                       agreed.compression);
    }
    auto kept = co_await read_body(*stream, reader);
    if (is_redirect(answer.status) && options_.follow_redirects) {
      auto before = target_;
      redirect(answer);
      if (!kept || !same_origin(before, target_))
        stream.reset();
      continue;
    }
    if (!credentials_ || answer.status != credentials_->status())
      refuse(answer);
    proof_ =
        credentials_->answer(answer.headers, method_get, target_.request_uri);
    if (!proof_)
      fail(dial_failure::kind::basic_authentication,
           whom + " answered " + describe(answer) + "; "
               + credentials_->problem());
    if (!kept && credentials_->needs_same_connection())
      fail(dial_failure::kind::basic_authentication,
           whom + " did not keep the connection for its challenge");
    if (!kept)
      stream.reset();
  }
}

task<dialed> dial_conversation::test() {
  auto stream = co_await connect();
  response_reader nothing{options_.max_header_size};
  co_return finish(std::move(stream), nothing, {}, std::nullopt);
}

void dial_conversation::redirect(const http_response& answer) {
  auto whom = authority_of(target_, true);
  std::string problem;
  auto location = answer.header("Location");
  auto next = follow_redirect(target_, location, problem);
  if (!next)
    fail(dial_failure::kind::connectivity,
         whom + " answered " + std::to_string(answer.status)
             + " with a Location that is not followed: " + problem);
  if (++redirects_ > most_redirects)
    fail(dial_failure::kind::connectivity, whom + " redirects once more, after "
                                               + std::to_string(most_redirects)
                                               + " redirects");
  auto same = same_origin(target_, *next);
  target_ = std::move(*next);
  if (same) {
    if (credentials_)
      proof_ = credentials_->first_header(method_get, target_.request_uri);
    return;
  }
  // What proves who we are is for the first origin only.
  credentials_.reset();
  proof_.reset();
  std::erase_if(headers_, [](auto& pair) {
    constexpr std::array<std::string_view, 4> secret{
        "Authorization", "Cookie", "Proxy-Authorization", "Host"};
    return std::any_of(secret.begin(), secret.end(), [&](auto name) {
      return equal_ignoring_case(pair.first, name);
    });
  });
}

void dial_conversation::refuse(const http_response& answer) const {
  using kind = dial_failure::kind;
  auto what = kind::connectivity;
  switch (answer.status) {
    case 401:
      what = kind::unauthorized;
      break;
    case 403:
      what = kind::forbidden;
      break;
    case 404:
      what = kind::not_found;
      break;
    case 500:
      what = kind::internal_server_error;
      break;
    case 503:
      what = kind::service_unavailable;
      break;
    default:
      break;
  }
  fail(what, authority_of(target_, true) + " answered " + describe(answer));
}

dialed
dial_conversation::finish(stream_ptr stream, response_reader& reader,
                          std::string subprotocol,
                          const std::optional<deflate_agreement>& compression) {
  dialed result;
  result.target = target_;
  result.headers = reader.response().headers;
  if (!options_.preserve_headers_case)
    for (auto& [name, value] : result.headers)
      for (auto& c : name)
        if (c >= 'A' && c <= 'Z')
          c = static_cast<char>(c - 'A' + 'a');
  result.subprotocol = std::move(subprotocol);
  result.compression = compression;
  result.local_address = local_address_of(stream->fd());
  result.remote_address = remote_address_of(stream->fd());
  auto rest = reader.take_rest();
  auto bytes = std::as_bytes(std::span{rest});
  result.received.assign(bytes.begin(), bytes.end());
  result.stream = stream->release();
  return result;
}

} // namespace switchboard::net
