#include "net/request_credentials.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "net/header_values.hpp"
#include "fuzz_input.hpp"

using namespace switchboard;
using namespace switchboard::net;

namespace {

http_request request_of(fuzz::input& in) {
  http_request result;
  result.path = "/chat";
  result.query = in.line();
  result.target = result.path;
  if (!result.query.empty())
    result.target += "?" + result.query;
  for (auto line = in.line(); !line.empty(); line = in.line())
    if (auto colon = line.find(':'); colon != line.npos)
      result.headers.emplace_back(
          line.substr(0, colon),
          trim_blanks(std::string_view{line}.substr(colon + 1)));
  return result;
}

/// @param options with all places.
void judge(const http_request& left, const jwt_authentication& options) {
  fuzz::require(left.target
                    == left.path + (left.query.empty() ? "" : "?" + left.query),
                "path and query make the target");
  for (auto& [name, value] : parse_query(left.query))
    fuzz::require(name != options.query_parameter,
                  "no parameter is left that holds a token");
  fuzz::require(left.header("Authorization").empty(),
                "no Authorization is left");
  for (auto& [name, value] : left.headers) {
    fuzz::require(!equal_ignoring_case(name, "Authorization"),
                  "no Authorization is left");
    if (!equal_ignoring_case(name, "Cookie"))
      continue;
    auto wanted = options.cookie + "=";
    fuzz::require(!value.starts_with(wanted)
                      && value.find("; " + wanted) == value.npos,
                  "no cookie is left that holds a token");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  jwt_authentication options;
  options.token_from = {token_place::query, token_place::cookie,
                        token_place::subprotocol, token_place::header};
  auto how = in.number();
  if ((how & 1) != 0)
    std::reverse(options.token_from.begin(), options.token_from.end());
  if ((how & 2) != 0)
    options.query_parameter = "a b+";
  auto request = request_of(in);
  auto before = request;
  auto taken = take_token(request, options);
  judge(request, options);
  fuzz::require(taken.subprotocol.empty()
                    || taken.subprotocol == options.subprotocol,
                "a token is no subprotocol");
  // The subprotocol stays, and what stood behind the token is behind it now.
  std::erase(options.token_from, token_place::subprotocol);
  auto again = take_token(request, options);
  fuzz::require(!again.text && again.problem.empty(),
                "of all tokens none is left");
  if (!taken.text)
    fuzz::require(request.query == before.query
                      && request.headers.size() <= before.headers.size(),
                  "what is no token stays");
  auto basic = before;
  take_authorization(basic, "Basic");
  fuzz::require(basic.header("Authorization").empty(),
                "no Authorization is left");
  return 0;
}
