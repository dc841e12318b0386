#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <unordered_map>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/interfaces.hpp>
#include <switchboard/pinned_handler.hpp>
#include <switchboard/switchboard.hpp>

#include "flows/backend_call.hpp"
#include "flows/backend_routes.hpp"
#include "flows/concurrency_gate.hpp"
#include "flows/delivery.hpp"
#include "flows/flow_counters.hpp"
#include "flows/flow_run.hpp"
#include "flows/program.hpp"
#include "flows/run_deadlines.hpp"
#include "flows/stream_intake.hpp"

namespace switchboard::flows {

/// One reading of the flows, as a shard has it.
struct runner_code {
  std::shared_ptr<const program> code;
  /// Shared by the runners of one shard, which run on one thread.
  std::shared_ptr<lua_sandbox> lua;
  /// Null where no step needs one.
  std::shared_ptr<const backend_routes> routes = nullptr;
};

/// What one runner needs.
struct runner_settings {
  std::shared_ptr<const program> code;
  /// Which of the program's flows it runs.
  std::size_t flow = 0;
  registry_actor registry;
  report_function report;
  std::shared_ptr<flow_counters> counters;
  /// Shared by the runners of one shard, which run on one thread.
  std::shared_ptr<lua_sandbox> lua;
  /// A `backend_caller`; null where no step needs one.
  caf::actor backends = {};
  /// Shared by the flow's runners; null: no limit.
  std::shared_ptr<concurrency_gate> gate = nullptr;
  stream_place streams = {};
  /// Null where no step needs one.
  std::shared_ptr<const backend_routes> routes = nullptr;
  /// Shared by the flow's runners; null: it has no `redelivery`.
  std::shared_ptr<redelivery_guard> guard = nullptr;
};

/// Bytes that an expression waits for; of the runner to itself.
struct content_loaded {
  /// Of the run.
  std::uint64_t id = 0;
  std::shared_ptr<std::string> bytes;
  std::error_code problem;
};

/// Runs another program from the next event on; what is in work ends with the
/// old one. Answered with nothing.
struct use_code {
  runner_code what;
  std::size_t flow = 0;
  caf::actor backends;
  /// Null only where there never was one.
  std::shared_ptr<concurrency_gate> gate;
  stream_place streams;
  /// Null: it has no `redelivery`.
  std::shared_ptr<redelivery_guard> guard;
};

/// The flow is no more: sockets that are open go on sending events, which are
/// counted and dropped, until `use_code` comes. What is in work ends.
using retire_atom = caf::atom_constant<caf::atom("retire")>;

/// Runs the flow now: `startup`.
using run_atom = caf::atom_constant<caf::atom("run")>;
/// Begins with the schedule: `schedule`.
using begin_atom = caf::atom_constant<caf::atom("begin")>;
/// The schedule's time has come; of the runner to itself.
using tick_atom = caf::atom_constant<caf::atom("tick")>;
/// Goes on with a run that made a pause; of the runner to itself.
using resume_atom = caf::atom_constant<caf::atom("resume")>;
/// The socket did not take a message; of the runner to itself.
using refused_atom = caf::atom_constant<caf::atom("refused")>;
/// The time of a run is over; of the runner to itself.
using late_atom = caf::atom_constant<caf::atom("late")>;
/// Runs a flow that has failed once more; of the runner to itself.
using again_atom = caf::atom_constant<caf::atom("again")>;
/// No further ticks and no further retries: what waits for one is given up.
/// Answered once no run is in work. Events are still taken.
using finish_atom = caf::atom_constant<caf::atom("finish")>;

/// Runs one flow for the events of one shard. Any number of runs may wait for
/// answers at a time; the source sees to it that it is one for each socket.
/// Ends with the registry.
///
/// Takes the messages of its shard's sockets by call, `message_event` of other
/// shards' (answered when the flow is done, failed or not), `connection_event`
/// (answered with the flow's error), `closed_event`, and the atoms above.
class runner final : public pinned_handler {
public:
  runner(caf::actor_config& config, runner_settings settings);

  const char* name() const override;
  void on_exit() override;
  bool on_message(local_socket& from, message_view content) override;
  std::uint32_t part_size() const noexcept override;
  std::unique_ptr<message_parts> on_parts(local_socket& from,
                                          bool binary) override;
  void on_sent(std::uint64_t id, const caf::error& problem) override;

protected:
  caf::behavior make_behavior() override;

private:
  friend class stream_intake;

  struct job {
    job(runner_code what, std::size_t which, const flow_run::log_function& log)
        : code(std::move(what)),
          of(&code.code->flows[which]),
          run(*code.code, *code.lua, log) {
      // nop
    }

    /// What it runs, until it is over.
    runner_code code;
    /// The flow in it.
    const flow* of;
    flow_run run;
    /// Where it has a place; null where there was no limit.
    std::shared_ptr<concurrency_gate> gate;
    /// Identifies it while it is parked: its place, and a serial number.
    std::uint64_t id = 0;
    caf::response_promise promise;
    /// Whether a failure is the answer.
    bool tells_failure = false;
    /// Whose message it works on, and has not told that it is done with.
    local_socket* owing = nullptr;
    /// The event's socket where it is of this shard; kept by `handle`.
    local_socket* local = nullptr;
    caf::strong_actor_ptr handle;
    /// Whether its last broadcast is under way while the socket goes on.
    bool trailing = false;
    /// When it began.
    std::chrono::steady_clock::time_point begun;
    /// Of `run_deadlines`.
    std::uint64_t deadline = 0;
    /// When its time is over, where the flow has a `timeout`.
    std::optional<net::clock::time_point> until;
    /// How a backend wants the socket closed, when the run is over.
    std::optional<socket_orders::closing> closing;
    /// The error of a backend's answer and what of it is for the socket that
    /// is refused.
    std::optional<error_text> refusal;
    std::string refusal_reason;
    /// Of a flow with a policy.
    std::unique_ptr<delivery> policy;
  };
  using job_ptr = std::unique_ptr<job>;

  /// @param problem why the message failed before its run; null: it has not.
  bool begin_message(local_socket& from, payload content,
                     const error_text* problem);
  /// Whether a message that came whole is one for a stream all the same.
  bool streams(const message_view& content) const noexcept;
  /// A stream has all its bytes.
  bool received(const std::shared_ptr<incoming_stream>& what);
  bool begin_stream(incoming_stream& what);
  /// A stream's message will not be complete.
  void abandon(incoming_stream& what);
  void take(const stream_written& progress);
  void ask_content(job& what, const document& of);
  void take(const content_loaded& what);
  void use(const use_code& what);
  void retire();
  /// Whether an event has nobody to work on it.
  bool drops() noexcept;

  job_ptr new_job();
  /// Begins a run, now or when `max_concurrency` lets it.
  void admit(job_ptr what);
  void begin_run(job_ptr what);
  /// One that waits may begin.
  void granted();
  void set_deadline(job& what);
  void settle_deadline(job& what);
  void wake_at_deadline();
  /// Ends the runs whose time is over.
  void expire();
  /// Begins a run of its own.
  void start(scope in, caf::strong_actor_ptr socket,
             caf::response_promise promise, bool tells_failure);
  /// Goes on with a run until it waits or is done.
  void drive(job_ptr what);
  /// Asks the actors what a run wants to know.
  void ask(job& what);
  template <class Output, class Handle, class Request>
  void ask(std::uint64_t id, const Handle& whom, Request what);
  void answered(std::uint64_t id, value output);
  void refused(std::uint64_t id, const caf::error& why);
  void ask_socket(job& what, const direct_send& request);
  void ask_broadcast(job& what, broadcast_request request);
  void ask_backend(job& what, backend_call call);
  void take(std::uint64_t id, const backend_answer& answer);
  /// Does what an answer wants done to the socket, then goes on.
  void obey(std::uint64_t id, const backend_answer& answer,
            socket_orders orders);
  void conclude(std::uint64_t id, const backend_answer& answer);
  job* find(std::uint64_t id) noexcept;
  void close_socket(job& what);
  /// What a socket that is refused is told.
  caf::error refusal_of(const job& what) const;
  /// Lets the socket go on to its next message.
  void release(job& what);
  /// @returns its id.
  std::uint64_t park(job_ptr what);
  job_ptr take(std::uint64_t id);
  void finish(job_ptr what);

  // Of flows with a policy, in runner_policy.cpp.

  /// One run of the event, when its message's turn has come and it has not
  /// failed too often.
  void attempt(job_ptr what);
  void expire_attempt(job_ptr what, error_text why);
  /// Has the digest of a large message computed, then takes its turn.
  void digest_first(job_ptr what, std::shared_ptr<const large_content> content);
  void take(const digest_outcome& what);
  void await_turn(job_ptr what);
  void look_up_failures(std::uint64_t id);
  object_store::reply answer_to(std::uint64_t id);
  void take(std::uint64_t id, const store_outcome& outcome);
  void take_failures(job_ptr what, const store_answer& answer);
  void take_counted(job_ptr what, const store_answer& answer);
  /// Some part of a delivery is over.
  void advance(job_ptr what);
  void attempted(job_ptr what);
  void count_in_store(job_ptr what);
  /// @param counted whether the failure is the last of the record.
  void failed(job_ptr what, error_text why, bool counted);
  void sleep(job_ptr what, std::chrono::nanoseconds delay);
  bool is_exhausted(const job& what) const;
  error_text exhaustion_of(const job& what) const;
  void give_up(job_ptr what, error_text why, bool counted);
  void give_away(job_ptr what);
  void buried(job_ptr what);
  void unlock(job& what);
  /// Gives up what waits for its next attempt.
  void give_up_sleepers();
  /// @returns why a message cannot be told from others.
  std::optional<error_text> identify(job& what) const;

  void tick(std::uint64_t schedule);
  void schedule_next();
  void tell(report::severity level, std::string text, const flow_run& about);

  bool is_busy() const noexcept {
    return in_work_ > 0 || !waiting_.empty();
  }

  const flow& code() const noexcept {
    return settings_.code->flows[settings_.flow];
  }

  runner_settings settings_;
  flow_run::log_function log_;
  /// Jobs that wait, by place; null where one is free.
  std::vector<job_ptr> parked_;
  std::vector<std::uint32_t> free_places_;
  std::size_t in_work_ = 0;
  std::uint32_t last_serial_ = 0;
  /// Jobs to be used again.
  std::vector<job_ptr> idle_;
  /// Jobs that have not begun.
  std::deque<job_ptr> waiting_;
  run_deadlines<job> deadlines_;
  /// When the next `late_atom` comes.
  std::optional<caf::actor_clock::time_point> wake_up_;
  /// Of a socket: its broadcasts under way that it did not wait for. While
  /// there are some, what it is sent goes the same way, through the registry,
  /// so that nothing overtakes.
  std::unordered_map<local_socket*, std::size_t> trailing_;
  /// The job that `on_message` has begun and not left yet.
  job* in_call_ = nullptr;
  /// Messages that are not complete or not stored yet.
  std::unordered_map<const stream_writer*, std::shared_ptr<incoming_stream>>
      incoming_;
  std::vector<caf::response_promise> finishing_;
  bool ticking_ = false;
  /// Whether the flow is no more.
  bool retired_ = false;
  /// Ticks of an older schedule have another.
  std::uint64_t schedule_ = 0;
  /// Whether an exit message came; what is in work is finished first.
  bool leaving_ = false;
  /// Whether nothing is tried again any more.
  bool hurrying_ = false;
  std::minstd_rand dice_{std::random_device{}()};
  caf::actor_clock::time_point next_tick_;
};

} // namespace switchboard::flows

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::flows::content_loaded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::flows::use_code)
