#include "config/diagnostic.hpp"

namespace switchboard::config {

std::string render(const diagnostic& what, std::string_view file) {
  std::string result{file};
  if (what.at.line > 0) {
    result += ':';
    result += std::to_string(what.at.line);
    result += ':';
    result += std::to_string(what.at.column);
  }
  result += ": ";
  if (!what.key.empty()) {
    result += what.key;
    result += ": ";
  }
  result += what.message;
  return result;
}

} // namespace switchboard::config
