#include "bench/load/dialect.hpp"

#include <utility>

namespace switchboard::bench {

wire::wire(const endpoint& to, dialect how, const expectation& what,
           bool resumes)
    : where(to),
      address(resolve(to)),
      speech(std::move(how)),
      opening(to, speech.subprotocol, speech.extensions),
      expected(what),
      tls(to.tls ? std::make_shared<tls_context>(resumes) : nullptr) {}

} // namespace switchboard::bench
