#define CAF_SUITE reload_status
#include <caf/test/unit_test.hpp>

#include "service/reload_status.hpp"

using namespace switchboard;
using namespace switchboard::service;
using namespace std::chrono_literals;

namespace {

using status = reload_outcome::status;

constexpr reload_status::time_point start{1'000s};

reload_outcome outcome_of(status what, bool dry_run = false) {
  reload_outcome result;
  result.what = what;
  result.dry_run = dry_run;
  return result;
}

config::key_change change_with(config::reload_effect effect) {
  config::key_change result{};
  result.key = {"runtime", "shards"};
  result.effect = effect;
  return result;
}

} // namespace

CAF_TEST(the start is the first success) {
  auto now = reload_status{start}.now();
  CAF_CHECK(now.successful);
  CAF_CHECK(now.last_success == start);
  CAF_CHECK_EQUAL(now.waiting, 0u);
  CAF_CHECK_EQUAL(now.applied + now.failed + now.refused, 0u);
}

CAF_TEST(a failure lasts until the next success) {
  reload_status what{start};
  what.note(outcome_of(status::wrong_file), start + 1s);
  CAF_CHECK(!what.now().successful);
  what.note(outcome_of(status::refused), start + 2s);
  what.note(outcome_of(status::done, true), start + 3s);
  what.note(outcome_of(status::failed), start + 4s);
  auto now = what.now();
  CAF_CHECK(!now.successful);
  CAF_CHECK(now.last_success == start);
  CAF_CHECK_EQUAL(now.failed, 2u);
  CAF_CHECK_EQUAL(now.refused, 1u);
  CAF_CHECK_EQUAL(now.applied, 0u);
  what.note(outcome_of(status::done), start + 5s);
  CAF_CHECK(what.now().successful);
  CAF_CHECK(what.now().last_success == start + 5s);
  CAF_CHECK_EQUAL(what.now().applied, 1u);
}

CAF_TEST(keys that wait for a restart are those of the last success) {
  reload_status what{start};
  auto outcome = outcome_of(status::done);
  outcome.changes = {change_with(config::reload_effect::needs_restart),
                     change_with(config::reload_effect::applied),
                     change_with(config::reload_effect::needs_restart)};
  what.note(outcome, start);
  CAF_CHECK_EQUAL(what.now().waiting, 2u);
  what.note(outcome_of(status::wrong_file), start);
  CAF_CHECK_EQUAL(what.now().waiting, 2u);
  what.note(outcome_of(status::done), start);
  CAF_CHECK_EQUAL(what.now().waiting, 0u);
}
