#define CAF_SUITE api_openapi
#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <set>

#include "service/api/openapi.hpp"
#include "service/api/problem.hpp"
#include "service/api/route.hpp"
#include "service/text.hpp"
#include "tests/service/fake_registry.hpp"
#include "tests/service/http_client.hpp"
#include "tests/service/json_text.hpp"

using namespace switchboard;
using namespace switchboard::service;
using namespace switchboard::service::test;

namespace {

/// A path with a value for each of its parameters.
std::string filled(std::string path) {
  for (auto open = path.find('{'); open != std::string::npos;
       open = path.find('{'))
    path.replace(open, path.find('}') - open + 1, "a");
  return path;
}

/// Collects every `$ref` of a document.
void collect(const boost::json::value& from, std::set<std::string>& to) {
  if (auto list = from.if_array()) {
    for (auto& entry : *list)
      collect(entry, to);
  } else if (auto object = from.if_object()) {
    for (auto& [name, entry] : *object)
      if (name == "$ref")
        to.insert(std::string{entry.as_string()});
      else
        collect(entry, to);
  }
}

std::string to_upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(api_openapi, api_fixture)

CAF_TEST(every documented request is served and answers as documented) {
  http_client client{server->address()};
  auto document = client.ask("GET", "/openapi.json").json();
  CAF_REQUIRE(document.is_object());
  std::size_t count = 0;
  for (auto& [path, methods] : document.at("paths").as_object()) {
    for (auto& [method, what] : methods.as_object()) {
      auto answer =
          client.ask(to_upper(std::string{method}), filled(std::string{path}),
                     path == "/v1/log" ? R"({"level":"info"})" : "");
      CAF_CHECK_NOT_EQUAL(answer.status, 404u);
      CAF_CHECK_NOT_EQUAL(answer.status, 405u);
      auto& answers = what.at("responses").as_object();
      CAF_CHECK(answers.contains(std::to_string(answer.status)));
      for (auto& [status, said] : answers)
        CAF_CHECK_NOT_EQUAL(api::phrase_of(static_cast<unsigned>(
                                std::stoul(std::string{status}))),
                            api::phrase_of(500));
      auto& first = answers.begin()->value();
      if (auto content = first.as_object().if_contains("content"))
        CAF_CHECK_EQUAL(std::string{content->as_object().begin()->key()},
                        answer.header("Content-Type"));
      ++count;
    }
  }
  CAF_CHECK_EQUAL(count, api::routes().size());
}

CAF_TEST(every method that is not documented is refused) {
  http_client client{server->address()};
  auto& paths = api::openapi().at("paths").as_object();
  for (auto& [path, methods] : paths) {
    for (auto method : {"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"}) {
      if (methods.as_object().contains(to_lower(method)))
        continue;
      auto answer = client.ask(method, filled(std::string{path}));
      CAF_CHECK_EQUAL(answer.status, 405u);
    }
  }
}

CAF_TEST(every documented query parameter is taken and no other) {
  http_client client{server->address()};
  for (auto& entry : api::routes()) {
    auto base = filled(std::string{entry.path});
    for (auto& parameter : entry.query) {
      auto value = std::string{"a"};
      if (parameter.kind == api::value_kind::socket_type)
        value = "ALL";
      else if (parameter.kind == api::value_kind::limit
               || parameter.kind == api::value_kind::serial
               || parameter.kind == api::value_kind::fraction
               || parameter.kind == api::value_kind::event_rate
               || parameter.kind == api::value_kind::payload_size)
        value = "1";
      else if (parameter.kind == api::value_kind::close_code)
        value = "1000";
      else if (parameter.kind == api::value_kind::flag)
        value = "true";
      // What streams ends its connection.
      http_client own{server->address()};
      auto answer = own.ask(
          entry.method, base + "?" + std::string{parameter.name} + "=" + value);
      CAF_CHECK_NOT_EQUAL(answer.status, 400u);
    }
    CAF_CHECK_EQUAL(client.ask(entry.method, base + "?undocumented=1").status,
                    400u);
  }
}

CAF_TEST(every reference leads somewhere) {
  std::set<std::string> references;
  collect(api::openapi(), references);
  CAF_CHECK(references.size() > 10);
  for (auto& reference : references) {
    boost::system::error_code failure;
    api::openapi().find_pointer(reference.substr(1), failure);
    CAF_CHECK(!failure);
  }
}

CAF_TEST(operation ids are unique and path parameters are described) {
  std::set<std::string_view> ids;
  for (auto& entry : api::routes()) {
    CAF_CHECK(ids.insert(entry.operation_id).second);
    auto braces = std::count(entry.path.begin(), entry.path.end(), '{');
    CAF_CHECK_EQUAL(static_cast<std::size_t>(braces), entry.path_params.size());
    for (auto& parameter : entry.path_params)
      CAF_CHECK(entry.path.find("{" + std::string{parameter.name} + "}")
                != std::string_view::npos);
    CAF_CHECK(!entry.answers.empty());
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
