#include "service/api/openapi.hpp"

#include <string>

#include "service/api/problem.hpp"
#include "service/api/routes.hpp"
#include "service/text.hpp"

namespace switchboard::service::api {

namespace {

using boost::json::array;
using boost::json::object;

object reference(std::string_view where, std::string_view name) {
  object result;
  result["$ref"] =
      "#/components/" + std::string{where} + "/" + std::string{name};
  return result;
}

object content(std::string_view media_type, object schema) {
  object holder;
  holder["schema"] = std::move(schema);
  object result;
  result[media_type] = std::move(holder);
  return result;
}

object schema_of(value_kind kind) {
  object result;
  result["type"] = "string";
  switch (kind) {
    case value_kind::text:
      break;
    case value_kind::name:
      result["minLength"] = 1;
      break;
    case value_kind::socket_type:
      result["enum"] = array{"INBOUND", "OUTBOUND", "ALL"};
      result["default"] = "ALL";
      break;
    case value_kind::limit:
      result["type"] = "integer";
      result["minimum"] = 1;
      result["maximum"] = 1000;
      result["default"] = 100;
      break;
    case value_kind::serial:
      result["type"] = "integer";
      result["minimum"] = 1;
      break;
    case value_kind::close_code:
      return reference("schemas", "CloseCode");
    case value_kind::close_reason:
      result["maxLength"] = 123;
      break;
    case value_kind::flag:
      result["enum"] = array{"true", "false", ""};
      result["default"] = "false";
      break;
    case value_kind::fraction:
      result["type"] = "number";
      result["minimum"] = min_tap_sample;
      result["maximum"] = 1;
      result["default"] = 1;
      break;
    case value_kind::event_rate:
      result["type"] = "integer";
      result["minimum"] = 1;
      result["maximum"] = max_tap_rate;
      result["default"] = tap_request{}.rate;
      break;
    case value_kind::payload_size:
      result["type"] = "integer";
      result["minimum"] = 1;
      result["maximum"] = max_tap_payload;
      result["default"] = default_tap_payload;
      break;
  }
  return result;
}

object describe(const parameter& what, std::string_view place) {
  object result;
  result["name"] = what.name;
  result["in"] = place;
  result["required"] = place == "path";
  result["description"] = what.description;
  if (what.repeated) {
    object list;
    list["type"] = "array";
    list["items"] = schema_of(what.kind);
    result["schema"] = std::move(list);
    result["style"] = "form";
    result["explode"] = true;
  } else {
    result["schema"] = schema_of(what.kind);
  }
  return result;
}

object describe_problem(std::string_view description) {
  object result;
  result["description"] = description;
  result["content"] =
      content("application/problem+json", reference("schemas", "Problem"));
  return result;
}

object describe(const answer_description& what) {
  if (what.schema == "Problem")
    return describe_problem(what.description);
  object result;
  result["description"] = what.description;
  auto type = what.schema == "Metrics"     ? metrics_type
              : what.schema == "TapStream" ? event_stream_type
                                           : "application/json";
  if (!what.schema.empty())
    result["content"] = content(type, reference("schemas", what.schema));
  return result;
}

object describe_body() {
  object text;
  text["type"] = "string";
  object binary;
  binary["type"] = "string";
  binary["format"] = "binary";
  auto types = content("text/plain", std::move(text));
  for (auto& [type, schema] : content("application/octet-stream", binary))
    types[type] = schema;
  object anything;
  anything["description"] = "Any other type is sent as text, too.";
  types["*/*"] = object{{"schema", std::move(anything)}};
  object result;
  result["description"] =
      "The message: binary for application/octet-stream, else text, which "
      "must be UTF-8. At most 16 MiB.";
  result["required"] = false;
  result["content"] = std::move(types);
  return result;
}

object describe_log_settings() {
  object result;
  result["description"] = "What is to change.";
  result["required"] = true;
  result["content"] =
      content("application/json", reference("schemas", "LogChanges"));
  return result;
}

object describe_token() {
  object text;
  text["type"] = "string";
  text["maxLength"] = 8192;
  object result;
  result["description"] = "A JSON Web Token in compact form.";
  result["required"] = true;
  result["content"] = content("text/plain", std::move(text));
  return result;
}

object describe_opening() {
  object result;
  result["description"] = "The parameters; left out: an empty object.";
  result["required"] = false;
  result["content"] =
      content("application/json", reference("schemas", "OpenSocket"));
  return result;
}

/// An answer that many routes have.
struct common_answer {
  unsigned status;
  std::string_view name;
  std::string_view description;
  bool (*applies)(const route&);
};

constexpr common_answer common_answers[] = {
    {400, "BadRequest", "The request or one of its parameters is wrong.",
     [](const route&) {
       return true;
     }},
    {401, "Unauthorized", "Tokens are set and the request brings none of them.",
     [](const route& of) {
       return !of.open;
     }},
    {403, "Forbidden",
     "No tokens are set and the request comes from a web page of another "
     "origin, or names a host that is not this machine.",
     [](const route& of) {
       return !of.open;
     }},
    {408, "RequestTimeout", "The request did not come in time.",
     [](const route&) {
       return true;
     }},
    {413, "ContentTooLarge", "The body is too large.",
     [](const route&) {
       return true;
     }},
    {417, "ExpectationFailed", "Expect is something else than 100-continue.",
     [](const route&) {
       return true;
     }},
    {431, "HeaderTooLarge", "The request's header is larger than 16 KiB.",
     [](const route&) {
       return true;
     }},
    {502, "Unreachable", "The switchboard or the peer did not take it.",
     [](const route& of) {
       return of.asks;
     }},
    {503, "TooManyConnections", "There are too many connections to this API.",
     [](const route&) {
       return true;
     }},
    {504, "Timeout", "No answer in time.",
     [](const route& of) {
       return of.asks;
     }},
};

object describe(const route& what) {
  object result;
  result["operationId"] = what.operation_id;
  result["summary"] = what.summary;
  result["description"] = what.description;
  array parameters;
  for (auto& entry : what.path_params)
    parameters.push_back(describe(entry, "path"));
  for (auto& entry : what.query)
    parameters.push_back(describe(entry, "query"));
  if (!parameters.empty())
    result["parameters"] = std::move(parameters);
  if (what.body == body_kind::content)
    result["requestBody"] = describe_body();
  else if (what.body == body_kind::opening)
    result["requestBody"] = describe_opening();
  else if (what.body == body_kind::log_settings)
    result["requestBody"] = describe_log_settings();
  else if (what.body == body_kind::token)
    result["requestBody"] = describe_token();
  object answers;
  for (auto& entry : what.answers)
    answers[std::to_string(entry.status)] = describe(entry);
  for (auto& entry : common_answers)
    if (entry.applies(what))
      answers.emplace(std::to_string(entry.status),
                      reference("responses", entry.name));
  result["responses"] = std::move(answers);
  if (what.open)
    result["security"] = array{};
  return result;
}

object describe_components() {
  object answers;
  for (auto& entry : common_answers)
    answers[entry.name] = describe_problem(entry.description);
  object token;
  token["type"] = "http";
  token["scheme"] = "bearer";
  object result;
  result["schemas"] = schemas();
  result["responses"] = std::move(answers);
  result["securitySchemes"] = object{{"token", std::move(token)}};
  return result;
}

} // namespace

const boost::json::value& openapi() {
  static const boost::json::value document = [] {
    object info;
    info["title"] = "Switchboard management API";
    info["version"] = SWITCHBOARD_VERSION;
    info["description"] =
        "Lists, reaches and closes the WebSockets of a running switchboard. "
        "Every GET may also be asked as HEAD.";
    object paths;
    for (auto& entry : routes()) {
      auto& path = paths[entry.path];
      if (!path.is_object())
        path = object{};
      path.as_object()[to_lower(entry.method)] = describe(entry);
    }
    // Either a token or, where none is set, nothing.
    array security;
    security.push_back(object{{"token", array{}}});
    security.push_back(object{});
    object result;
    result["openapi"] = "3.1.0";
    result["info"] = std::move(info);
    result["security"] = std::move(security);
    result["paths"] = std::move(paths);
    result["components"] = describe_components();
    return result;
  }();
  return document;
}

} // namespace switchboard::service::api
