#pragma once

#include <caf/all.hpp>

namespace switchboard::actors {

/// Answers with nothing, which the typed promise has no words for.
inline void fulfill(caf::typed_response_promise<void>& promise) {
  static_cast<caf::response_promise&>(promise).deliver(caf::unit);
}

} // namespace switchboard::actors
