#include "config/encoding.hpp"

#include <algorithm>

#include <unicode/ucnv.h>

namespace switchboard::config {

bool is_encoding(const std::string& name) {
  // ICU takes an empty name for the system's, and what follows a comma for
  // options.
  if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) {
        return c > ' ' && c < '\x7F' && c != ',';
      }))
    return false;
  auto status = U_ZERO_ERROR;
  auto found = ucnv_open(name.c_str(), &status);
  ucnv_close(found);
  return U_SUCCESS(status);
}

} // namespace switchboard::config
