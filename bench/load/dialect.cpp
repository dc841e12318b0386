#include "bench/load/dialect.hpp"

#include <utility>

namespace switchboard::bench {

wire::wire(const endpoint& to, dialect how, const expectation& what)
    : where(to),
      address(resolve(to)),
      speech(std::move(how)),
      opening(to, speech.subprotocol, speech.extensions),
      expected(what) {}

} // namespace switchboard::bench
