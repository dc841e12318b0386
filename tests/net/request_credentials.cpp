#define CAF_SUITE request_credentials
#include <caf/test/unit_test.hpp>

#include "net/request_credentials.hpp"

using namespace switchboard;
using namespace switchboard::net;

namespace {

http_request request_of(std::string query, header_list headers = {}) {
  http_request result;
  result.path = "/chat";
  result.query = query;
  result.target = query.empty() ? "/chat" : "/chat?" + query;
  result.headers = std::move(headers);
  return result;
}

jwt_authentication from(std::vector<token_place> places) {
  jwt_authentication result;
  result.token_from = std::move(places);
  return result;
}

std::string text_of(const header_list& headers) {
  std::string result;
  for (auto& [name, value] : headers)
    result += name + ": " + value + "\n";
  return result;
}

} // namespace

CAF_TEST(a bearer token is taken with its header) {
  const struct {
    header_list headers;
    const char* text;
  } rows[] = {
      {{{"authorization", "bearer a.b.c"}}, "a.b.c"},
      {{{"Authorization", "  BEARER   a.b.c "}}, "a.b.c"},
      {{{"Authorization", "Bearer"}}, ""},
      {{{"Authorization", "Bearer "}}, ""},
      {{{"Authorization", "Basic YTpi"}}, nullptr},
      {{{"Authorization", "Bearers a.b.c"}}, nullptr},
      {{{"Authorization", ""}}, nullptr},
      {{{"X-Authorization", "Bearer a.b.c"}}, nullptr},
      {{}, nullptr},
  };
  for (auto& [headers, text] : rows) {
    auto request = request_of("", headers);
    request.headers.emplace_back("Host", "h");
    auto taken = take_token(request, from({token_place::header}));
    CAF_CHECK_EQUAL(taken.problem, "");
    CAF_CHECK_EQUAL(taken.text.has_value(), text != nullptr);
    if (text != nullptr)
      CAF_CHECK_EQUAL(taken.text.value_or("none"), text);
    CAF_CHECK_EQUAL(request.header("Authorization"), "");
    CAF_CHECK_EQUAL(request.header("Host"), "h");
  }
}

CAF_TEST(a header goes where tokens come from elsewhere as well) {
  auto request = request_of("", {{"Authorization", "Bearer a"}});
  CAF_CHECK(!take_token(request, from({token_place::query})).text);
  CAF_CHECK(request.headers.empty());
}

CAF_TEST(a query loses the token alone) {
  const struct {
    const char* query;
    const char* text;
    const char* left;
  } rows[] = {
      {"access_token=t", "t", ""},
      {"a=1&access_token=t&b=%20", "t", "a=1&b=%20"},
      {"access_token=t&a", "t", "a"},
      {"access%5Ftoken=%74", "t", ""},
      {"access_token", "", ""},
      {"access_token=", "", ""},
      {"access_token=a=b", "a=b", ""},
      {"a=access_token", nullptr, "a=access_token"},
      {"Access_token=t", nullptr, "Access_token=t"},
      {"&&", nullptr, "&&"},
      {"", nullptr, ""},
  };
  for (auto& [query, text, left] : rows) {
    auto request = request_of(query);
    auto taken = take_token(request, from({token_place::query}));
    CAF_CHECK_EQUAL(taken.text.has_value(), text != nullptr);
    if (text != nullptr)
      CAF_CHECK_EQUAL(*taken.text, text);
    CAF_CHECK_EQUAL(request.query, left);
    auto whole = std::string{"/chat"} + (*left != '\0' ? "?" : "") + left;
    CAF_CHECK_EQUAL(request.target, whole);
  }
}

CAF_TEST(a parameter is found by every spelling that is read as its name) {
  auto options = from({token_place::query});
  options.query_parameter = "the token+";
  for (auto query : {"the+token%2B=t", "the%20token%2b=t"}) {
    auto request = request_of(query);
    auto taken = take_token(request, options);
    CAF_CHECK_EQUAL(taken.text.value_or("none"), "t");
    CAF_CHECK_EQUAL(request.query, "");
  }
  auto request = request_of("the token+=t");
  CAF_CHECK(!take_token(request, options).text);
}

CAF_TEST(a subprotocol that names itself twice hides no token) {
  auto request = request_of(
      "", {{"Sec-WebSocket-Protocol", "bearer, bearer, a.b.c, chat"}});
  auto taken = take_token(request, from({token_place::subprotocol}));
  CAF_CHECK_EQUAL(taken.text.value_or("none"), "a.b.c");
  CAF_CHECK_EQUAL(taken.problem, "");
  CAF_CHECK_EQUAL(request.header("Sec-WebSocket-Protocol"),
                  "bearer, bearer, chat");
}

CAF_TEST(cookies lose the token alone) {
  const struct {
    header_list headers;
    const char* text;
    const char* left;
  } rows[] = {
      {{{"Cookie", "access_token=t"}}, "t", ""},
      {{{"cookie", "a=1;access_token=\"t\" ; b=2"}}, "t", "cookie: a=1; b=2\n"},
      {{{"Cookie", "a=1"}, {"Cookie", "access_token=t"}}, "t", "Cookie: a=1\n"},
      {{{"Cookie", "xaccess_token=t; access_token"}},
       nullptr,
       "Cookie: xaccess_token=t; access_token\n"},
      {{{"Cookie", "access_token="}}, "", ""},
      {{{"Cookie", ""}}, nullptr, ""},
  };
  for (auto& [headers, text, left] : rows) {
    auto request = request_of("", headers);
    auto taken = take_token(request, from({token_place::cookie}));
    CAF_CHECK_EQUAL(taken.text.has_value(), text != nullptr);
    if (text != nullptr)
      CAF_CHECK_EQUAL(taken.text.value_or("none"), text);
    CAF_CHECK_EQUAL(text_of(request.headers), left);
  }
}

CAF_TEST(a subprotocol stays and the token behind it goes) {
  constexpr auto name = "Sec-WebSocket-Protocol";
  const struct {
    header_list headers;
    const char* text;
    std::string left;
  } rows[] = {
      {{{name, "bearer, t"}}, "t", "bearer"},
      {{{name, "chat,bearer,t,other"}}, "t", "chat, bearer, other"},
      {{{name, "chat, bearer"}, {name, "t"}}, "t", "chat, bearer"},
      {{{name, "chat, bearer"}}, nullptr, "chat, bearer"},
      {{{name, "Bearer, t"}}, nullptr, "Bearer, t"},
  };
  for (auto& [headers, text, left] : rows) {
    auto request = request_of("", headers);
    auto taken = take_token(request, from({token_place::subprotocol}));
    CAF_CHECK_EQUAL(taken.text.has_value(), text != nullptr);
    CAF_CHECK_EQUAL(taken.subprotocol, text != nullptr ? "bearer" : "");
    if (text != nullptr)
      CAF_CHECK_EQUAL(taken.text.value_or("none"), text);
    CAF_CHECK_EQUAL(request.joined_header(name), left);
  }
}

CAF_TEST(of several places the first counts and all are emptied) {
  auto all = from({token_place::cookie, token_place::query, token_place::header,
                   token_place::subprotocol});
  auto request =
      request_of("access_token=q", {{"Authorization", "Bearer h"},
                                    {"Sec-WebSocket-Protocol", "bearer, p"},
                                    {"Cookie", "access_token=c"}});
  auto taken = take_token(request, all);
  CAF_CHECK_EQUAL(taken.text.value_or(""), "c");
  CAF_CHECK_EQUAL(taken.subprotocol, "bearer");
  CAF_CHECK_EQUAL(request.target, "/chat");
  CAF_CHECK_EQUAL(text_of(request.headers), "Sec-WebSocket-Protocol: bearer\n");
}

CAF_TEST(two tokens in one place are too many) {
  auto all = from({token_place::cookie, token_place::query, token_place::header,
                   token_place::subprotocol});
  const http_request rows[] = {
      request_of("access_token=a&access_token=b"),
      request_of("", {{"Cookie", "access_token=a; access_token=b"}}),
      request_of("",
                 {{"Cookie", "access_token=a"}, {"Cookie", "access_token=a"}}),
      request_of(
          "", {{"Authorization", "Bearer a"}, {"authorization", "Bearer a"}}),
      request_of("", {{"Sec-WebSocket-Protocol", "bearer, a, bearer, b"}}),
  };
  for (auto request : rows) {
    CAF_CHECK_NOT_EQUAL(take_token(request, all).problem, "");
    CAF_CHECK_EQUAL(request.target, "/chat");
    CAF_CHECK_EQUAL(request.header("Cookie"), "");
    CAF_CHECK_EQUAL(request.header("Authorization"), "");
  }
}
