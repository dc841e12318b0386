#include "net/http_challenge.hpp"

#include <algorithm>
#include <string>

#include "net/header_values.hpp"
#include "net/http_authentication.hpp"
#include "fuzz_input.hpp"

using namespace switchboard;
using namespace switchboard::net;

namespace {

void judge(const std::vector<http_challenge>& challenges) {
  fuzz::require(challenges.size() <= 32, "challenges are bounded");
  for (auto& one : challenges) {
    fuzz::require(is_token(one.scheme), "a scheme is a token");
    fuzz::require(one.token.empty() || one.parameters.empty(),
                  "token68 or parameters, not both");
    fuzz::require(one.parameters.size() <= 32, "parameters are bounded");
    for (auto& [name, value] : one.parameters) {
      fuzz::require(is_token(name), "a name is a token");
      fuzz::require(is_header_value(value), "a value begins no line");
      fuzz::require(one.parameter(name) == &value, "a name stands once");
    }
  }
}

/// What is sent begins no line of its own, and ends some time.
void converse(authenticator by, const header_list& headers) {
  by.first_header("GET", "/chat");
  for (int i = 0;; ++i) {
    fuzz::require(i < 10, "a peer cannot ask for ever");
    auto header = by.answer(headers, "GET", "/chat");
    if (!header)
      break;
    fuzz::require(is_header_value(*header), "an answer is one line");
    fuzz::require(header->find("pass word") == header->npos,
                  "a password is never sent as it is");
  }
  fuzz::require(!by.problem().empty(), "an end has a reason");
  fuzz::require(by.problem().find("pass word") == std::string::npos,
                "a reason tells no password");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  header_list headers;
  headers.emplace_back("WWW-Authenticate", in.line());
  headers.emplace_back("www-authenticate", in.rest());
  judge(parse_challenges(headers, "WWW-Authenticate"));
  authentication_options options;
  options.username = "us\"er\xc3\xa4";
  options.password = "pass word";
  for (auto scheme :
       {authentication_scheme::basic, authentication_scheme::digest}) {
    options.scheme = scheme;
    converse({options, "h", 80, nullptr}, headers);
  }
  for (auto& field : headers)
    field.first = "Proxy-Authenticate";
  proxy_options proxy;
  proxy.host = "h";
  proxy.username = options.username;
  proxy.password = options.password;
  converse({proxy, nullptr}, headers);
  return 0;
}
