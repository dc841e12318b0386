#pragma once

#include <initializer_list>
#include <string_view>

#include <boost/json.hpp>

namespace switchboard::service::api {

// What schemas of the API's document (JSON Schema 2020-12) are put together
// from.

struct property {
  std::string_view name;
  boost::json::object schema;
};

boost::json::object typed(std::string_view type,
                          std::string_view description = {});

/// A number of something.
boost::json::object count(std::string_view description = {});

boost::json::object one_of(std::initializer_list<std::string_view> values);

/// To another schema by its name.
boost::json::object reference(std::string_view name);

boost::json::object list_of(boost::json::object items);

/// An object that always has all of these and nothing else.
boost::json::object record(std::initializer_list<property> properties);

/// An object that may have any of these and nothing else.
boost::json::object choice_of(std::initializer_list<property> properties);

boost::json::object duration(std::string_view otherwise);

} // namespace switchboard::service::api
