#define CAF_SUITE router
#include <caf/test/unit_test.hpp>

#include "service/api/router.hpp"

using namespace switchboard::service::api;

namespace {

/// The route's operation and its parameters, or what stands in their place.
std::string find(std::string_view method, std::string_view path) {
  auto result = find_route(routes(), method, path);
  if (auto wrong = std::get_if<wrong_method>(&result))
    return "405 " + wrong->allowed;
  if (std::holds_alternative<wrong_encoding>(result))
    return "400";
  auto match = std::get_if<route_match>(&result);
  if (match == nullptr)
    return "404";
  std::string shown{match->found->operation_id};
  for (auto& [name, value] : match->path_params)
    shown += " " + name + "=" + value;
  return shown;
}

} // namespace

CAF_TEST(each method of a path finds its route) {
  CAF_CHECK_EQUAL(find("GET", "/v1/sockets"), "listSockets");
  CAF_CHECK_EQUAL(find("HEAD", "/v1/sockets"), "listSockets");
  CAF_CHECK_EQUAL(find("POST", "/v1/sockets"), "openSocket");
  CAF_CHECK_EQUAL(find("GET", "/v1/sockets/a"), "getSocket socket_id=a");
  CAF_CHECK_EQUAL(find("DELETE", "/v1/sockets/a"), "closeSocket socket_id=a");
  CAF_CHECK_EQUAL(find("POST", "/v1/broadcast"), "broadcast");
  CAF_CHECK_EQUAL(find("GET", "/healthz"), "getHealth");
}

CAF_TEST(parameters are decoded after the path was split) {
  CAF_CHECK_EQUAL(find("PUT", "/v1/sockets/a%20b/groups/x%2Fy"),
                  "joinGroup socket_id=a b group=x/y");
  CAF_CHECK_EQUAL(find("DELETE", "/v1/sockets/%C3%A4/groups/+"),
                  "leaveGroup socket_id=\xC3\xA4 group=+");
}

CAF_TEST(a wrong escape is no route) {
  CAF_CHECK_EQUAL(find("GET", "/v1/sockets/%zz"), "400");
  CAF_CHECK_EQUAL(find("GET", "/v1/sockets/%FF"), "400");
}

CAF_TEST(an unknown path is not found whatever the method) {
  for (auto path : {"/", "/v1", "/v1/", "/v1/sockets/", "/v1/sockets/a/",
                    "/v1/sockets//messages", "/v1/sockets/a/groups/",
                    "/v1/sockets/a/groups/b/c", "/V1/sockets", "//v1/sockets",
                    "/healthz/", "v1/sockets", ""})
    CAF_CHECK_EQUAL(find("GET", path), "404");
}

CAF_TEST(a wrong method names the right ones) {
  CAF_CHECK_EQUAL(find("PUT", "/v1/sockets"), "405 GET, HEAD, POST");
  CAF_CHECK_EQUAL(find("POST", "/v1/sockets/a"), "405 GET, HEAD, DELETE");
  CAF_CHECK_EQUAL(find("GET", "/v1/broadcast"), "405 POST");
  CAF_CHECK_EQUAL(find("get", "/healthz"), "405 GET, HEAD");
}
