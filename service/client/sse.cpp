#include "service/client/sse.hpp"

#include <algorithm>
#include <utility>

namespace switchboard::service::client {

namespace {

void append(std::string& to, std::string_view what) {
  to.append(
      what.substr(0, sse_reader::most - std::min(sse_reader::most, to.size())));
}

} // namespace

bool sse_reader::take(std::string_view& bytes, event& out) {
  while (!bytes.empty()) {
    auto end = bytes.find('\n');
    append(line_, bytes.substr(0, end));
    if (end == std::string_view::npos) {
      bytes = {};
      return false;
    }
    bytes.remove_prefix(end + 1);
    if (end_line(out))
      return true;
  }
  return false;
}

bool sse_reader::end_line(event& out) {
  auto line = std::exchange(line_, {});
  if (line.ends_with('\r'))
    line.pop_back();
  if (line.empty()) {
    auto whole = std::exchange(now_, {});
    if (!std::exchange(has_data_, false))
      return false;
    out = std::move(whole);
    return true;
  }
  auto colon = line.find(':');
  auto field = std::string_view{line}.substr(0, colon);
  std::string_view value;
  if (colon != std::string::npos)
    value = std::string_view{line}.substr(colon + 1);
  if (value.starts_with(' '))
    value.remove_prefix(1);
  if (field == "event") {
    now_.name = value;
  } else if (field == "data") {
    if (has_data_)
      append(now_.data, "\n");
    append(now_.data, value);
    has_data_ = true;
  }
  return false;
}

} // namespace switchboard::service::client
