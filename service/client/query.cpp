#include "service/client/query.hpp"

#include "service/text.hpp"

namespace switchboard::service::client {

target_builder& target_builder::segment(std::string_view text) {
  text_ += '/';
  text_ += percent_encoded(text);
  return *this;
}

target_builder& target_builder::with(std::string_view name,
                                     std::string_view value) {
  if (value.empty())
    return *this;
  text_ += std::exchange(has_query_, true) ? '&' : '?';
  text_.append(name).append("=").append(percent_encoded(value));
  return *this;
}

} // namespace switchboard::service::client
