#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flows/failure.hpp"
#include "flows/operations.hpp"
#include "flows/program.hpp"
#include "flows/scope.hpp"

namespace switchboard::flows {

/// One run of a flow for one event: walks over the steps, stops where a step
/// needs an answer and goes on when it is there. Knows no actors: who drives
/// it asks the actors and answers. Can be used again after it is done.
class flow_run {
public:
  enum class progress : std::uint8_t {
    /// All steps are done, or the flow failed.
    done,
    /// `pending` wants an answer: `answer` or `fail`, then `resume`.
    waiting,
    /// It has run long enough for one turn; call `resume` later.
    paused,
  };

  /// Takes the texts of `log` steps.
  class log_function {
  public:
    using writer = std::function<void(const flow_run&, std::string text)>;

    log_function() = default;

    /// @param wanted whether anybody reads them now; if not, a step does not
    ///        even evaluate its text. Null: always.
    log_function(writer write, std::function<bool()> wanted)
        : write_(std::move(write)), wanted_(std::move(wanted)) {
      // nop
    }

    bool wanted() const {
      return write_ && (!wanted_ || wanted_());
    }

    void write(const flow_run& run, std::string text) const {
      write_(run, std::move(text));
    }

  private:
    writer write_;
    std::function<bool()> wanted_;
  };

  /// @param code outlives the run, as `lua` and `log` do.
  flow_run(const program& code, lua_sandbox& lua, const log_function& log)
      : program_(code), lua_(lua), log_(log) {
    // nop
  }

  /// Makes it ready to run a flow from its first step.
  /// @param socket null where the event has none.
  void begin(const flow& what, scope in, caf::strong_actor_ptr socket);

  /// The same for an event that is all of the scope.
  void begin(const flow& what, value payload, socket_attributes attributes,
             caf::strong_actor_ptr socket);

  /// Runs the flow once more for the event it was begun for, as if it was new.
  /// @pre it is done
  void begin_again(value payload, caf::strong_actor_ptr socket);

  /// Runs the flow's `on_error` for an event that has failed, `past` being its
  /// earlier errors. Variables are as the run has left them.
  /// @returns whether there is one; if not, `error` tells `why`.
  /// @pre it is done, and the flow has a policy
  bool begin_on_error(error_text why, std::shared_ptr<const error_list> past,
                      value payload, caf::strong_actor_ptr socket);

  /// Runs the steps of the flow's `dead_letter`. `end_dead_letter` ends them.
  /// @pre it is done, and the flow has one
  void begin_dead_letter(const error_text& why,
                         std::shared_ptr<const error_list> past, value payload,
                         caf::strong_actor_ptr socket);

  /// Makes `error` what it was before the dead letter.
  /// @returns why it could not be given away.
  std::optional<error_text> end_dead_letter();

  /// What tells the event's message from others, by an expression of its flow.
  /// Throws `failure`.
  /// @pre it was begun and has not gone on
  std::string evaluate_id(const expression& what) const;

  /// The event's payload.
  /// @pre it was begun and has not gone on
  const value& payload() const noexcept {
    return scope_.payload;
  }

  /// Goes on. Throws nothing: what goes wrong is in `error` at the end.
  progress resume();

  /// What to ask.
  /// @pre the last `resume` told `waiting`
  operation& pending() noexcept {
    return pending_;
  }

  /// Whether nothing but its failure can follow the pending operation: no
  /// step, no target, no `on_error`.
  bool ends_with_pending() const noexcept;

  /// The pending operation's output.
  void answer(value output);

  /// The pending operation failed.
  void fail(error_text why);

  /// The pending operation failed, and has an output all the same: its target
  /// gets it before an `on_error` runs.
  void fail(error_text why, value output);

  /// The bytes of a pending `load_request`.
  void load(std::string bytes) {
    std::get<load_request>(pending_).of->give(std::move(bytes));
  }

  /// Why the flow failed; unset where it did not, or an `on_error` took care.
  /// A flow with a policy fails before its own `on_error` runs.
  const std::optional<error_text>& error() const noexcept {
    return error_;
  }

  /// Lets go of everything a run that is done still holds.
  void forget() noexcept {
    scope_.payload.emplace<std::monostate>();
    scope_.attributes = {};
    scope_.vars.clear();
    scope_.error.reset();
    scope_.past.reset();
    error_.reset();
  }

  /// The flow that was begun.
  const flow& root() const noexcept {
    return *root_;
  }

  /// The id of the event's socket; empty where it has none.
  std::string socket_id() const {
    return scope_.attributes.handshake
               ? std::string{scope_.attributes->socket_id()}
               : std::string{};
  }

  /// The variables as they are.
  const variables& vars() const noexcept {
    return scope_.vars;
  }

private:
  struct frame_extras {
    /// Of a loop: the items, the next of them, and what it hides.
    std::vector<value> items;
    std::size_t item = 0;
    value hidden_item;
    value hidden_index;
    /// Of a handler: the error that was being handled around it.
    std::optional<error_text> hidden_error;
    std::shared_ptr<const error_list> hidden_past;
  };

  /// A list of steps at work.
  struct frame {
    enum class kind : std::uint8_t { flow, block, loop, handler };

    kind what = kind::block;
    const step_list* steps = nullptr;
    std::size_t next = 0;
    /// The step that opened it; null for the run's own flow.
    const step* owner = nullptr;
    /// Whose steps these are.
    const flow* of = nullptr;
    /// Of a loop or a handler; most runs have neither.
    std::unique_ptr<frame_extras> extras;
  };

  /// @returns whether the run goes on, or has to wait.
  bool execute(const step& what);
  /// Does a part of a step; what goes wrong unwinds.
  /// @param again whether the step can be done again from its start.
  template <class Function>
  bool guarded(const step& what, Function part, bool again = false);
  void open(const step& what, const choice_action& x);
  void open(const step& what, const for_each_action& x);
  frame& push(frame::kind what, const step_list& steps, const step* owner);
  /// Makes everything but the scope ready.
  void rewind(const flow& what, caf::strong_actor_ptr socket);
  /// The frame on top has no steps left.
  void finish_frame();
  void next_item(frame& loop);
  /// Whether nothing of a frame is left to do.
  static bool is_over(const frame& one) noexcept;
  /// Takes the frame on top away and undoes what it did to the scope.
  void drop_frame();
  /// A step is done: puts its output where it belongs.
  void finish_step(const step& what, value output);
  /// Looks for who handles an error.
  void unwind(error_text why);
  error_text place(const failure& what, const step& at) const;
  const std::string& config() const noexcept;

  const program& program_;
  lua_sandbox& lua_;
  const log_function& log_;
  const flow* root_ = nullptr;
  scope scope_;
  caf::strong_actor_ptr socket_;
  event_identity event_;
  std::vector<frame> frames_;
  operation pending_;
  const step* waiting_for_ = nullptr;
  std::optional<error_text> error_;
  /// Of the time before a dead letter.
  std::optional<error_text> outcome_;
};

} // namespace switchboard::flows
