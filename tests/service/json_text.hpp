#pragma once

#include <string>

#include <boost/json.hpp>

namespace switchboard::service::test {

/// A JSON string as the test framework can print it.
inline std::string text_of(const boost::json::value& from) {
  return std::string{from.as_string().c_str(), from.as_string().size()};
}

} // namespace switchboard::service::test
