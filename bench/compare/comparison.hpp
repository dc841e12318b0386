#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "bench/compare/plan.hpp"
#include "bench/compare/server_process.hpp"
#include "bench/report/results.hpp"

namespace switchboard::bench {

struct comparison_options {
  /// Rounds that count; one more goes before them.
  std::size_t rounds = 5;
  std::chrono::nanoseconds slice = std::chrono::milliseconds{500};
  /// A server that is missing or fails ends everything.
  bool strict = false;
  /// Only cases whose name or scenario holds this.
  std::string only;
  /// `bin`, `plan` and `product`.
  substitutions known;
};

/// Starts the servers of a plan, all at once, on core 0, and puts load on them
/// from core 1, in turn, a slice each, several rounds. What fails is in the
/// result, and on standard error at once. Prints each table when it is known.
comparison_result compare(const comparison_plan& plan,
                          const comparison_options& options);

} // namespace switchboard::bench
