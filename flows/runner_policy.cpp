#include <utility>

#include "actors/reconnect.hpp"
#include "flows/failure.hpp"
#include "flows/large_digest.hpp"
#include "flows/runner.hpp"

// Apart from runner.cpp: `redelivery`, `retry` and `dead_letter` of a flow.
//
// An attempt waits for the message's id, looks up how often it has failed,
// runs the steps, and writes down what came of it. Nobody is told of a failure
// before it is written down: what was told is never counted lower.

namespace switchboard::flows {

namespace {

using stage = delivery::stage;

/// A longer id is kept by its digest.
constexpr std::size_t most_of_id = 128;

/// The bytes that tell a message from others.
void add_payload(message_digest& to, const value& payload) {
  if (auto doc = std::get_if<std::shared_ptr<const document>>(&payload))
    to.add((*doc)->content().view());
  else
    to.add(to_text(payload));
}

std::string digest_of(const digest_algorithm& algorithm, const value& payload) {
  message_digest digest{algorithm};
  add_payload(digest, payload);
  return digest.finish();
}

error_text expression_problem(const flow& of, std::string what) {
  return {std::string{name_of(errc::expression)},
          "flow " + of.name + ": id_expression: " + std::move(what)};
}

error_text no_digest(const flow& of) {
  return {std::string{name_of(errc::expression)},
          "flow " + of.name + ": the digest of the message cannot be had"};
}

/// Flows that share a store do not share their counts.
std::string prefix_of(const flow& of) {
  return of.name + '\n';
}

std::string key_of_digest(const flow& of, const std::string& digest) {
  return prefix_of(of) + of.redelivery->digest->name() + ':' + digest;
}

/// Null where the payload is in memory.
std::shared_ptr<const large_content> large_of(const value& payload) {
  auto doc = std::get_if<std::shared_ptr<const document>>(&payload);
  return doc != nullptr ? (*doc)->content().large() : nullptr;
}

} // namespace

std::optional<error_text> runner::identify(job& what) const {
  auto& rule = *what.of->redelivery;
  auto& policy = *what.policy;
  auto prefix = prefix_of(*what.of);
  if (rule.digest) {
    auto digest = digest_of(*rule.digest, policy.payload);
    if (digest.empty())
      return no_digest(*what.of);
    policy.key = key_of_digest(*what.of, digest);
    return std::nullopt;
  }
  try {
    auto id = what.run.evaluate_id(*rule.id);
    if (id.empty())
      return expression_problem(*what.of, "yields nothing, expected what tells "
                                          "the message from others");
    if (id.size() <= most_of_id) {
      policy.key = prefix + "=" + id;
      return std::nullopt;
    }
    static const auto algorithm = digest_algorithm::find("SHA-256");
    if (!algorithm)
      return expression_problem(*what.of, "yields more than 128 bytes");
    policy.key = prefix + "#" + digest_of(*algorithm, id);
    return std::nullopt;
  } catch (const failure& problem) {
    return expression_problem(*what.of, problem.text().message);
  } catch (const std::exception& problem) {
    return expression_problem(*what.of, problem.what());
  }
}

void runner::attempt(job_ptr what) {
  auto& policy = *what->policy;
  // Of an attempt that failed.
  what->closing.reset();
  what->refusal.reset();
  set_deadline(*what);
  if (policy.retries > 0)
    what->run.begin_again(policy.payload, what->handle);
  if (!what->of->redelivery) {
    policy.at = stage::running;
    return drive(std::move(what));
  }
  if (policy.key.empty()) {
    if (auto large = large_of(policy.payload);
        large && what->of->redelivery->digest)
      return digest_first(std::move(what), std::move(large));
    if (auto problem = identify(*what))
      // It would be the same another time.
      return give_up(std::move(what), std::move(*problem), false);
  }
  await_turn(std::move(what));
}

void runner::digest_first(job_ptr what,
                          std::shared_ptr<const large_content> content) {
  what->policy->at = stage::identifying;
  auto algorithm = *what->of->redelivery->digest;
  auto id = park(std::move(what));
  digest_large(std::move(content), algorithm,
               [self = caf::actor_cast<caf::actor>(this),
                id](std::string digest, std::error_code) {
                 caf::anon_send(self, digest_outcome{id, std::move(digest)});
               });
}

void runner::take(const digest_outcome& outcome) {
  auto what = take(outcome.job);
  // Its time was over.
  if (!what)
    return;
  if (outcome.digest.empty())
    return failed(std::move(what), no_digest(*what->of), false);
  what->policy->key = key_of_digest(*what->of, outcome.digest);
  await_turn(std::move(what));
}

/// Waits until no other run has the message's id.
void runner::await_turn(job_ptr what) {
  auto& policy = *what->policy;
  policy.at = stage::locking;
  auto id = park(std::move(what));
  auto& locks = policy.guard->locks;
  switch (locks.enter(policy.key, caf::actor_cast<caf::actor>(this), id)) {
    case id_locks::outcome::entered:
      return look_up_failures(id);
    case id_locks::outcome::waits:
      return;
    case id_locks::outcome::full:
      return failed(
          take(id),
          {std::string{name_of(errc::too_many_requests)},
           "flow " + what->of->name + ": too many messages of one id wait"},
          false);
  }
}

void runner::look_up_failures(std::uint64_t id) {
  auto what = find(id);
  // It has given up waiting, and has given its place back.
  if (what == nullptr)
    return;
  auto& policy = *what->policy;
  policy.holds_lock = true;
  policy.at = stage::loading;
  policy.guard->store->load(policy.key, answer_to(id));
}

object_store::reply runner::answer_to(std::uint64_t id) {
  return [self = caf::actor_cast<caf::actor>(this), id](store_answer&& answer) {
    caf::anon_send(self, store_outcome{id, std::move(answer)});
  };
}

void runner::take(std::uint64_t id, const store_outcome& outcome) {
  auto what = take(id);
  // Its time was over.
  if (!what)
    return;
  if (what->policy->at == stage::loading)
    take_failures(std::move(what), outcome.answer);
  else
    take_counted(std::move(what), outcome.answer);
}

void runner::take_failures(job_ptr what, const store_answer& answer) {
  auto& policy = *what->policy;
  if (answer.problem) {
    unlock(*what);
    return failed(std::move(what), *answer.problem, false);
  }
  policy.record = {};
  policy.is_known = answer.value.has_value();
  if (answer.value) {
    auto record = failure_record::parse(*answer.value);
    if (!record) {
      unlock(*what);
      return failed(std::move(what),
                    {store_error, "the object store holds something else than "
                                  "the failures of a message"},
                    false);
    }
    policy.record = std::move(*record);
  }
  if (is_exhausted(*what)) {
    unlock(*what);
    auto why = exhaustion_of(*what);
    return give_up(std::move(what), std::move(why), false);
  }
  policy.at = stage::running;
  drive(std::move(what));
}

void runner::advance(job_ptr what) {
  settle_deadline(*what);
  switch (what->policy->at) {
    case stage::handling:
      return give_away(std::move(what));
    case stage::burying:
      return buried(std::move(what));
    default:
      return attempted(std::move(what));
  }
}

void runner::attempted(job_ptr what) {
  auto& policy = *what->policy;
  policy.error = what->run.error();
  if (!what->of->redelivery) {
    if (!policy.error)
      return finish(std::move(what));
    policy.record.add(*policy.error);
    auto why = *policy.error;
    return failed(std::move(what), std::move(why), true);
  }
  if (policy.error || policy.is_known)
    return count_in_store(std::move(what));
  unlock(*what);
  finish(std::move(what));
}

void runner::count_in_store(job_ptr what) {
  auto& policy = *what->policy;
  policy.at = stage::counting;
  object_store::change change;
  if (policy.error)
    change = [why = *policy.error](const std::optional<std::string>& now)
        -> std::optional<std::string> {
      // What cannot be read was told when it was looked up.
      auto record = now ? failure_record::parse(*now) : std::nullopt;
      if (!record)
        record.emplace();
      record->add(why);
      return record->render();
    };
  else
    change = [](const std::optional<std::string>&) {
      return std::optional<std::string>{};
    };
  auto id = park(std::move(what));
  policy.guard->store->update(policy.key, std::move(change), answer_to(id));
}

void runner::take_counted(job_ptr what, const store_answer& answer) {
  auto& policy = *what->policy;
  unlock(*what);
  if (!policy.error) {
    // The steps are done, and cannot be taken back.
    if (answer.problem)
      tell(report::severity::warning,
           "flow " + what->of->name
               + " has succeeded, but the failures of its message are still "
                 "counted: "
               + answer.problem->message,
           what->run);
    return finish(std::move(what));
  }
  if (answer.problem) {
    error_text why{answer.problem->type,
                   answer.problem->message + "; not counted: "
                       + policy.error->type + ": " + policy.error->message};
    return failed(std::move(what), std::move(why), false);
  }
  policy.is_known = true;
  if (auto record =
          answer.value ? failure_record::parse(*answer.value) : std::nullopt)
    policy.record = std::move(*record);
  auto why = *policy.error;
  failed(std::move(what), std::move(why), true);
}

void runner::expire_attempt(job_ptr what, error_text why) {
  auto& policy = *what->policy;
  if (policy.at == stage::locking)
    policy.guard->locks.withdraw(policy.key, caf::actor_cast<caf::actor>(this),
                                 what->id);
  unlock(*what);
  failed(std::move(what), std::move(why), false);
}

void runner::unlock(job& what) {
  if (std::exchange(what.policy->holds_lock, false))
    what.policy->guard->locks.leave(what.policy->key);
}

bool runner::is_exhausted(const job& what) const {
  auto& rule = what.of->redelivery;
  return rule && rule->most_failures
         && what.policy->record.count > *rule->most_failures;
}

error_text runner::exhaustion_of(const job& what) const {
  return {std::string{name_of(errc::redelivery_exhausted)},
          "flow " + what.of->name + ": the message has failed "
              + std::to_string(what.policy->record.count)
              + " times and does not run any more"};
}

void runner::failed(job_ptr what, error_text why, bool counted) {
  settle_deadline(*what);
  auto& policy = *what->policy;
  policy.error = why;
  policy.is_counted = counted;
  if (what->of->retry && !hurrying_) {
    std::uniform_real_distribution<double> uniform{0.0, 1.0};
    auto delay = actors::reconnect_delay(*what->of->retry, policy.retries,
                                         uniform(dice_));
    if (delay && counted && is_exhausted(*what)) {
      why = exhaustion_of(*what);
      return give_up(std::move(what), std::move(why), false);
    }
    if (delay)
      return sleep(std::move(what), *delay);
  }
  give_up(std::move(what), std::move(why), counted);
}

void runner::sleep(job_ptr what, std::chrono::nanoseconds delay) {
  auto& policy = *what->policy;
  auto& why = *policy.error;
  if (settings_.report.wants(report_part::flow, report::severity::info))
    tell(report::severity::info,
         "flow " + what->of->name + " failed and is tried again: " + why.type
             + ": " + why.message,
         what->run);
  ++policy.retries;
  ++settings_.counters->repeats;
  policy.at = stage::sleeping;
  auto id = park(std::move(what));
  delayed_send(this, std::chrono::ceil<caf::actor_clock::duration_type>(delay),
               again_atom::value, id);
}

void runner::give_up(job_ptr what, error_text why, bool counted) {
  auto& policy = *what->policy;
  policy.error = why;
  policy.is_counted = counted;
  auto past = policy.record.past;
  // The error itself is not before itself.
  if (counted && !past.empty())
    past.pop_back();
  policy.past = std::make_shared<const error_list>(std::move(past));
  policy.at = stage::handling;
  settle_deadline(*what);
  if (!what->run.begin_on_error(std::move(why), policy.past, policy.payload,
                                what->handle))
    return give_away(std::move(what));
  set_deadline(*what);
  drive(std::move(what));
}

void runner::give_away(job_ptr what) {
  auto& policy = *what->policy;
  // A failure that was counted is not the end: the peer may send the message
  // again, until it has failed too often.
  if (!what->of->dead_letter
      || (what->of->redelivery && !what->of->retry && policy.is_counted))
    return finish(std::move(what));
  policy.at = stage::burying;
  what->run.begin_dead_letter(*policy.error, policy.past, policy.payload,
                              what->handle);
  set_deadline(*what);
  drive(std::move(what));
}

void runner::buried(job_ptr what) {
  if (auto problem = what->run.end_dead_letter()) {
    ++settings_.counters->lost_letters;
    auto& lost = *what->policy->error;
    tell(report::severity::error,
         "flow " + what->of->name + " has lost a dead letter: " + problem->type
             + ": " + problem->message + "; it was given up for " + lost.type
             + ": " + lost.message,
         what->run);
  } else {
    ++settings_.counters->dead_letters;
  }
  finish(std::move(what));
}

void runner::give_up_sleepers() {
  hurrying_ = true;
  if (!code().retry)
    return;
  std::vector<std::uint64_t> asleep;
  for (auto& what : parked_)
    if (what && what->policy && what->policy->at == stage::sleeping)
      asleep.push_back(what->id);
  for (auto id : asleep)
    if (auto what = take(id)) {
      auto why = *what->policy->error;
      auto counted = what->policy->is_counted;
      give_up(std::move(what), std::move(why), counted);
    }
}

} // namespace switchboard::flows
