#include <utility>

#include "flows/runner.hpp"

// Apart from runner.cpp: another program in the place of the one that runs.

namespace switchboard::flows {

void runner::use(const use_code& what) {
  auto every = code().every;
  settings_.code = what.what.code;
  settings_.lua = what.what.lua;
  settings_.routes = what.what.routes;
  settings_.flow = what.flow;
  settings_.backends = what.backends;
  settings_.gate = what.gate;
  settings_.streams = what.streams;
  settings_.guard = what.guard;
  retired_ = false;
  idle_.clear();
  if (!ticking_ || code().every == every)
    return;
  ++schedule_;
  next_tick_ = system().clock().now();
  schedule_next();
}

void runner::retire() {
  retired_ = true;
  ticking_ = false;
  // Nothing begins any more; what is in work keeps its own.
  idle_.clear();
  settings_.lua = nullptr;
  settings_.routes = nullptr;
}

bool runner::drops() noexcept {
  if (retired_)
    ++settings_.counters->dropped;
  return retired_;
}

} // namespace switchboard::flows
