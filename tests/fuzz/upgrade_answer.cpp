#include <algorithm>
#include <string>

#include "fuzz_input.hpp"
#include "net/upgrade_request.hpp"

using namespace switchboard;
using namespace switchboard::net;

namespace {

constexpr std::size_t limit = 2048;

struct outcome {
  response_reader::status status = response_reader::status::need_more;
  http_response head;
  http_response whole;
  std::string rest;
};

/// @param seed of the cuts; 0: whole.
outcome read(std::string_view text, std::uint8_t seed) {
  response_reader reader{limit};
  fuzz::cuts cut{seed};
  outcome result;
  auto fed = std::size_t{0};
  auto have_head = false;
  while (fed < text.size()) {
    auto rest = text.substr(fed);
    auto size = seed == 0 ? rest.size() : std::min(cut.next(), rest.size());
    fed += size;
    result.status = reader.feed(rest.substr(0, size));
    if (result.status == response_reader::status::head && !have_head) {
      have_head = true;
      result.head = reader.response();
      fuzz::require(
          result.head.status >= 101 && result.head.status <= 599
              && (result.head.status == 101 || result.head.status >= 200),
          "a head is 101 or final");
      if (result.head.status != 101)
        result.status = reader.want_body();
    }
    if (result.status == response_reader::status::failed)
      return result;
  }
  if (result.status == response_reader::status::need_more)
    result.status = reader.end();
  result.whole = reader.response();
  fuzz::require(result.whole.body.size() <= response_reader::max_body,
                "a body keeps to the limit");
  if (result.status == response_reader::status::head)
    result.rest = reader.take_rest();
  return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0)
    return 0;
  auto seed = data[0];
  std::string_view text{reinterpret_cast<const char*>(data + 1), size - 1};
  auto whole = read(text, 0);
  auto pieces = read(text, seed);
  fuzz::require(whole.head.status == pieces.head.status
                    || whole.status == response_reader::status::failed
                    || pieces.status == response_reader::status::failed,
                "cuts do not matter");
  if (whole.status != response_reader::status::head)
    return 0;
  fuzz::require(text.ends_with(whole.rest), "the rest is the end");
  upgrade_request request;
  request.target = {false, "h", 80, "/a"};
  request.key = "dGhlIHNhbXBsZSBub25jZQ==";
  request.subprotocols = {"a", "b"};
  compression_options compression;
  compression.enabled = (seed & 1) != 0;
  upgrade_agreement agreed;
  auto problem = judge_upgrade_answer(whole.head, request, compression, agreed);
  if (problem.empty()) {
    fuzz::require(agreed.subprotocol.empty() || agreed.subprotocol == "a"
                      || agreed.subprotocol == "b",
                  "a subprotocol was offered");
    fuzz::require(compression.enabled || !agreed.compression,
                  "compression was offered");
  }
  for (auto secure : {false, true}) {
    std::string why;
    request.target.secure = secure;
    auto to =
        follow_redirect(request.target, whole.head.header("Location"), why);
    fuzz::require(to.has_value() == why.empty(), "a refusal has a reason");
    if (to) {
      fuzz::require(to->secure || !secure, "never from WSS to WS");
      fuzz::require(to->request_uri.find_first_of("\r\n ") == std::string::npos,
                    "a target fits into a request line");
      fuzz::require(to->host.find_first_of("\r\n ") == std::string::npos,
                    "a host fits into a header");
    }
  }
  return 0;
}
