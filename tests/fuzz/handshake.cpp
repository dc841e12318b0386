#include <algorithm>
#include <string>

#include "net/handshake.hpp"
#include "fuzz_input.hpp"

using namespace switchboard::net;

namespace {

constexpr std::size_t limit = 1024;

struct outcome {
  unsigned error = 0;
  bool complete = false;
  std::size_t consumed = 0;
  http_request request;
};

/// @param seed of the cuts; 0: whole.
outcome read(std::string_view text, std::uint8_t seed) {
  request_reader reader{limit};
  fuzz::cuts cut{seed};
  outcome result;
  while (result.consumed < text.size()) {
    auto rest = text.substr(result.consumed);
    auto size = seed == 0 ? rest.size() : std::min(cut.next(), rest.size());
    std::size_t consumed = 0;
    auto status = reader.feed(fuzz::bytes_of(rest.substr(0, size)), consumed);
    fuzz::require(consumed <= size, "no more is taken than was given");
    result.consumed += consumed;
    if (status == request_reader::status::failed) {
      result.error = reader.error_status();
      fuzz::require(result.error == 400 || result.error == 414
                        || result.error == 431 || result.error == 505,
                    "a failure is 400, 414, 431 or 505");
      return result;
    }
    if (status == request_reader::status::complete) {
      fuzz::require(result.consumed <= limit, "a head keeps to the limit");
      result.complete = true;
      result.request = reader.take();
      return result;
    }
    fuzz::require(consumed == size, "all is taken while more is needed");
  }
  return result;
}

/// Exactly one empty line, at the end of the head, and no bare line end.
void require_head(std::string_view response) {
  auto end = response.find("\r\n\r\n");
  fuzz::require(end != response.npos, "a response has a head");
  auto head = response.substr(0, end);
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '\n')
      fuzz::require(i > 0 && head[i - 1] == '\r', "no bare line feed");
    if (head[i] == '\r')
      fuzz::require(i + 1 < head.size() && head[i + 1] == '\n',
                    "no bare carriage return");
  }
}

std::size_t lines(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void judge(const outcome& head) {
  auto& request = head.request;
  fuzz::require(request.target.starts_with('/'), "a target is a path");
  fuzz::require(request.path.starts_with('/'), "a path is absolute");
  fuzz::require(request.target == request.path
                    || request.target == request.path + "?" + request.query,
                "path and query make the target");
  for (auto& [name, value] : request.headers)
    fuzz::require(value.find_first_of(std::string_view{"\r\n\0", 3})
                      == value.npos,
                  "no value holds a line end");
  parse_query(request.query);
  client_address(request, "10.0.0.1", {"10.0.0.0/8", "::/0"});
  upgrade_terms terms;
  if (auto rejection = judge_upgrade(request, terms)) {
    require_head(render_rejection(*rejection));
    return;
  }
  fuzz::require(terms.key.size() == 24, "a key is 16 bytes of base64");
  auto subprotocol = choose_subprotocol(terms.subprotocols, terms.subprotocols);
  auto response = render_upgrade_response(terms.key, subprotocol, {});
  require_head(response);
  fuzz::require(response.ends_with("\r\n\r\n"), "nothing follows the head");
  fuzz::require(lines(response) == (subprotocol.empty() ? 5u : 6u),
                "a response has the lines we gave it");
}

/// Texts of peers and operators that reach what we write or believe.
void judge_texts(fuzz::input in) {
  auto first = in.line();
  auto second = in.line();
  auto third = in.rest();
  http_rejection rejection{400, first, {{first, second}, {"A", third}}};
  auto response = render_rejection(rejection);
  require_head(response);
  auto head = response.substr(0, response.find("\r\n\r\n"));
  fuzz::require(lines(head) <= 5, "no text begins a line of its own");
  require_head(render_upgrade_response(third, first, second));
  http_request request;
  request.headers = {{"Forwarded", first}, {"X-Forwarded-For", second}};
  auto address = client_address(request, "10.0.0.1", {"10.0.0.0/8"});
  fuzz::require(is_address_or_cidr(address), "a client address is one");
  fuzz::require(client_address(request, "11.0.0.1", {"10.0.0.0/8", third})
                        == "11.0.0.1"
                    || is_address_or_cidr(third),
                "an untrusted peer is believed nothing");
  origin_allowed(first, {second, third});
  fuzz::require(origin_allowed(first, {"*"}), "`*` lets every origin in");
  fuzz::require(origin_allowed(first, {first}), "an origin matches itself");
  fuzz::require(origin_allowed(first + second, {first + "*"}),
                "a trailing `*` takes any rest");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto seed = static_cast<std::uint8_t>(in.number() | 1);
  if ((seed & 6) == 6) {
    judge_texts(in);
    return 0;
  }
  auto text = in.rest();
  auto whole = read(text, 0);
  auto cut = read(text, seed);
  // A cut request may be told of its fault only once its head is complete;
  // but never is one taken that whole would be refused, nor read differently.
  fuzz::require(whole.complete == cut.complete, "cuts change no verdict");
  if (!whole.complete)
    return 0;
  fuzz::require(whole.consumed == cut.consumed
                    && whole.request.target == cut.request.target
                    && whole.request.headers == cut.request.headers,
                "cuts change no request");
  judge(whole);
  return 0;
}
