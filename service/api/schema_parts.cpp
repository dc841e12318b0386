#include "service/api/schema_parts.hpp"

#include <utility>

namespace switchboard::service::api {

using boost::json::array;
using boost::json::object;

object typed(std::string_view type, std::string_view description) {
  object result;
  result["type"] = type;
  if (!description.empty())
    result["description"] = description;
  return result;
}

object count(std::string_view description) {
  auto result = typed("integer", description);
  result["minimum"] = 0;
  return result;
}

object one_of(std::initializer_list<std::string_view> values) {
  auto result = typed("string");
  array list;
  for (auto value : values)
    list.push_back(boost::json::string{value});
  result["enum"] = std::move(list);
  return result;
}

object reference(std::string_view name) {
  object result;
  result["$ref"] = "#/components/schemas/" + std::string{name};
  return result;
}

object list_of(object items) {
  auto result = typed("array");
  result["items"] = std::move(items);
  return result;
}

object record(std::initializer_list<property> properties) {
  auto result = typed("object");
  object members;
  array names;
  for (auto& [name, schema] : properties) {
    members[name] = schema;
    names.push_back(boost::json::string{name});
  }
  result["properties"] = std::move(members);
  result["required"] = std::move(names);
  result["additionalProperties"] = false;
  return result;
}

object choice_of(std::initializer_list<property> properties) {
  auto result = record(properties);
  result.erase("required");
  return result;
}

object duration(std::string_view otherwise) {
  auto result = typed("string", "A number and a unit: ns us ms s min h d.");
  result["default"] = otherwise;
  return result;
}

} // namespace switchboard::service::api
