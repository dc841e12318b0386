#define CAF_SUITE flows.native_path

#include <caf/test/unit_test.hpp>

#include "tests/flows/making.hpp"

using namespace switchboard;
using namespace switchboard::flows;
using namespace switchboard::flows::testing;

namespace {

const std::string content =
    R"({"id":7,"big":18446744073709551615,"half":0.5,"whole":3.0,"no":false,)"
    R"("nothing":null,"name":"ann","list":[1,[2,3],{"x":"y"}],"empty":[],)"
    R"("map":{"b":1,"a":{"c":"d"}}})";

scope full_scope() {
  auto result = make_scope(make_json(content));
  result.vars.set("x", std::int64_t{5});
  result.vars.set("doc", make_json(R"({"deep":{"er":[10,20]}})"));
  result.error = error_text{"APP:WRONG", "no luck"};
  return result;
}

bool is_native(const std::string& text, const scope& in) {
  auto path = native_path::parse(text);
  return path && path->find(in);
}

} // namespace

CAF_TEST(a native path and Lua give the same) {
  auto in = full_scope();
  for (std::string path : {"payload.id",
                           "payload.big",
                           "payload.half",
                           "payload.whole",
                           "payload.no",
                           "payload.nothing",
                           "payload.name",
                           "payload.list",
                           "payload.list[1]",
                           "payload.list[2][2]",
                           "payload.list[3].x",
                           "payload.list[4]",
                           "payload.list[0]",
                           "payload.empty",
                           "payload.map.b",
                           "payload.map.a.c",
                           "payload['map']['a']",
                           "payload.absent",
                           "payload.list.name",
                           "attributes.socket_id",
                           "attributes.socket_type",
                           "attributes.groups",
                           "attributes.path",
                           "attributes.request_uri",
                           "attributes.scheme",
                           "attributes.query_params",
                           "attributes.query_string",
                           "attributes.headers",
                           "attributes.uri_params",
                           "attributes.version",
                           "attributes.method",
                           "attributes.local_address",
                           "attributes.remote_address",
                           "attributes.subprotocol",
                           "attributes.connected_at",
                           "attributes.config",
                           "attributes.absent",
                           "attributes.headers.host",
                           "attributes.headers['user-agent']",
                           "attributes.headers.absent",
                           "attributes.query_params.tag",
                           "attributes.query_params.room",
                           "attributes.uri_params.name",
                           "vars.x",
                           "vars.absent",
                           "vars.doc.deep.er[2]",
                           "error.type",
                           "error.message"}) {
    CAF_CHECK(is_native(path, in));
    // Parentheses are more than a native path knows.
    CAF_CHECK_EQUAL(text_of("#[" + path + "]", in),
                    text_of("#[(" + path + ")]", in));
    CAF_CHECK_EQUAL(is_nil(evaluate("#[" + path + "]", in)),
                    is_nil(evaluate("#[(" + path + ")]", in)));
  }
}

CAF_TEST(what goes wrong on a path is said in the words of Lua) {
  auto in = full_scope();
  in.error.reset();
  for (std::string path :
       {"payload.absent.more", "payload.nothing.more", "vars.absent.more",
        "attributes.absent.more", "error.type"}) {
    CAF_CHECK(!is_native(path, in));
    CAF_CHECK(contains(text_of("#[" + path + "]", in),
                       "attempt to index a nil value"));
  }
  CAF_CHECK(contains(text_of("#[payload.id.more]", in),
                     "attempt to index a number value"));
}

CAF_TEST(only plain paths are native) {
  for (std::string text :
       {"", "payload.", "payload[", "payload[1", "payload['a]", "payload[-1]",
        "payload['a\\n']", "payloads", "payload + 1", "string.x", "payload()",
        "payload:upper()", "payload.a b", "1"})
    CAF_CHECK(!native_path::parse(text));
  CAF_CHECK(native_path::parse("  payload.a \n"));
}

CAF_TEST(methods of a text payload are left to Lua) {
  auto in = make_scope(make_text("ab"));
  CAF_CHECK_EQUAL(text_of("#[payload.nothing]", in), "");
  CAF_CHECK(contains(text_of("#[payload.len]", in), "function"));
}

CAF_TEST(a payload that is not JSON fails where it is read as JSON) {
  auto in = make_scope(make_json("{\"a\":"));
  for (std::string text : {"#[payload.a]", "#[#payload]"})
    CAF_CHECK(contains(text_of(text, in), "the payload is not JSON"));
  // Passed on it is just bytes.
  CAF_CHECK_EQUAL(text_of("#[payload]", in), "{\"a\":");
  CAF_CHECK(contains(text_of("#[payload.a]", make_scope(make_json(""))),
                     "the payload is not JSON"));
  CAF_CHECK(contains(
      text_of("#[payload.a]", make_scope(make_json(std::string(100'000, '[')))),
      "the payload is not JSON"));
}

CAF_TEST(a repeated name is a list and a missing socket is empty) {
  auto in = full_scope();
  CAF_CHECK_EQUAL(text_of("#[attributes.query_params.tag]", in),
                  R"(["x","y"])");
  CAF_CHECK_EQUAL(text_of("#[attributes.query_params.tag[2]]", in), "y");
  CAF_CHECK_EQUAL(text_of("#[attributes.connected_at]", in),
                  "1970-01-01T00:00:01.500Z");
  in.attributes = {};
  CAF_CHECK(is_nil(evaluate("#[attributes.path]", in)));
  CAF_CHECK(is_nil(evaluate("#[(attributes.path)]", in)));
  CAF_CHECK(contains(text_of("#[attributes.headers.host]", in), "index a nil"));
}
