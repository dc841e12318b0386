#pragma once

#include <boost/json.hpp>

namespace switchboard::service::api {

/// The OpenAPI 3.1 document of the API, made from `routes()`.
const boost::json::value& openapi();

/// Its schemas by name.
boost::json::object schemas();

} // namespace switchboard::service::api
