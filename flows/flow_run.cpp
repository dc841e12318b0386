#include "flows/flow_run.hpp"

#include <algorithm>
#include <exception>
#include <type_traits>
#include <utility>

#include "flows/content_needed.hpp"

namespace switchboard::flows {

namespace {

/// Steps in one turn; then other sockets have theirs.
constexpr std::size_t steps_per_turn = 256;

constexpr std::string_view item_name = "item";
constexpr std::string_view index_name = "index";

value value_of(const variables& vars, std::string_view name) {
  auto found = vars.find(name);
  return found != nullptr ? *found : value{};
}

} // namespace

void flow_run::begin(const flow& what, scope in, caf::strong_actor_ptr socket) {
  scope_ = std::move(in);
  rewind(what, std::move(socket));
}

void flow_run::begin(const flow& what, value payload,
                     socket_attributes attributes,
                     caf::strong_actor_ptr socket) {
  scope_.payload = std::move(payload);
  scope_.attributes = std::move(attributes);
  scope_.vars.clear();
  scope_.error.reset();
  rewind(what, std::move(socket));
}

void flow_run::rewind(const flow& what, caf::strong_actor_ptr socket) {
  root_ = &what;
  socket_ = std::move(socket);
  event_.id.clear();
  if (!program_.backends.empty())
    event_.time = caf::make_timestamp();
  error_.reset();
  waiting_for_ = nullptr;
  frames_.clear();
  push(frame::kind::flow, what.steps, nullptr).of = root_;
}

flow_run::progress flow_run::resume() {
  for (std::size_t done = 0; done < steps_per_turn; ++done) {
    if (frames_.empty()) {
      // Lets go of the event: a run may lie idle for long.
      pending_.emplace<value>();
      scope_.payload.emplace<std::monostate>();
      socket_ = nullptr;
      return progress::done;
    }
    auto& top = frames_.back();
    if (top.next == top.steps->size()) {
      finish_frame();
      continue;
    }
    auto& what = (*top.steps)[top.next++];
    if (!guarded(
            what, [&] { return execute(what); }, true))
      return progress::waiting;
  }
  return progress::paused;
}

bool flow_run::is_over(const frame& one) noexcept {
  return one.next == one.steps->size()
         && (!one.extras || one.extras->item == one.extras->items.size());
}

bool flow_run::ends_with_pending() const noexcept {
  // With a policy, more than its failure can follow.
  if (waiting_for_ == nullptr || waiting_for_->target || root_->has_policy())
    return false;
  return std::all_of(frames_.begin(), frames_.end(), [](const frame& one) {
    return is_over(one) && (one.owner == nullptr || !one.owner->target)
           && (one.what != frame::kind::flow || one.of->on_error.empty());
  });
}

void flow_run::answer(value output) {
  auto& what = *std::exchange(waiting_for_, nullptr);
  guarded(what, [&] {
    finish_step(what, std::move(output));
    return true;
  });
}

void flow_run::fail(error_text why) {
  waiting_for_ = nullptr;
  unwind(std::move(why));
}

void flow_run::fail(error_text why, value output) {
  auto& what = *std::exchange(waiting_for_, nullptr);
  try {
    finish_step(what, std::move(output));
  } catch (const std::exception&) {
    // A `target_value` that fails as well: the first error is what counts.
  }
  unwind(std::move(why));
}

template <class Function>
bool flow_run::guarded(const step& what, Function part, bool again) {
  try {
    return part();
  } catch (const content_needed& missing) {
    if (again) {
      // The step begins once more when the bytes are there.
      --frames_.back().next;
      pending_.emplace<load_request>(&missing.of());
      return false;
    }
    unwind(place(failure{errc::expression, missing.what()}, what));
  } catch (const failure& problem) {
    unwind(place(problem, what));
  } catch (const std::exception& problem) {
    // Out of memory, most likely: one event less, but the flow lives.
    unwind(place(failure{errc::expression, problem.what()}, what));
  }
  return true;
}

bool flow_run::execute(const step& what) {
  if (what.when && !is_truthy(what.when->evaluate(scope_, lua_)))
    return true;
  return std::visit(
      [&](auto& x) {
        using form = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<form, set_variable_action>) {
          scope_.vars.set(x.name, x.what.evaluate(scope_, lua_));
          finish_step(what, {});
        } else if constexpr (std::is_same_v<form, log_action>) {
          if (log_.wanted())
            log_.write(*this, to_text(x.text.evaluate(scope_, lua_)));
          finish_step(what, {});
        } else if constexpr (std::is_same_v<form, raise_error_action>) {
          auto type = to_text(x.type.evaluate(scope_, lua_));
          auto message = x.message ? to_text(x.message->evaluate(scope_, lua_))
                                   : std::string{};
          if (type.empty())
            type = name_of(errc::custom);
          unwind({std::move(type), std::move(message)});
        } else if constexpr (
            std::is_same_v<
                form, choice_action> || std::is_same_v<form, for_each_action>) {
          open(what, x);
        } else if constexpr (std::is_same_v<form, flow_ref_action>) {
          auto& called = program_.flows[x.flow];
          push(frame::kind::flow, called.steps, &what).of = &called;
        } else {
          step_context here{scope_, lua_, config(), socket_, *root_, event_};
          if constexpr (std::is_same_v<form, send_action>)
            if (answers_directly(x, here)) {
              pending_.emplace<direct_send>(make_direct_send(x, here));
              waiting_for_ = &what;
              return false;
            }
          pending_ = make_operation(x, here);
          if (auto known = std::get_if<value>(&pending_)) {
            finish_step(what, std::move(*known));
          } else {
            waiting_for_ = &what;
            return false;
          }
        }
        return true;
      },
      what.form);
}

void flow_run::open(const step& what, const choice_action& x) {
  for (auto& branch : x.branches) {
    if (branch.when && !is_truthy(branch.when->evaluate(scope_, lua_)))
      continue;
    push(frame::kind::block, branch.steps, &what);
    return;
  }
  finish_step(what, {});
}

void flow_run::open(const step& what, const for_each_action& x) {
  auto all = x.items.evaluate(scope_, lua_);
  auto items = to_items(all);
  if (!items)
    throw failure{errc::expression, "for_each: items is "
                                        + std::string{kind_of(all)}
                                        + ", expected a list"};
  if (items->empty())
    return finish_step(what, {});
  auto extras = std::make_unique<frame_extras>();
  extras->items = std::move(*items);
  extras->hidden_item = value_of(scope_.vars, item_name);
  extras->hidden_index = value_of(scope_.vars, index_name);
  auto& loop = push(frame::kind::loop, x.steps, &what);
  loop.extras = std::move(extras);
  next_item(loop);
}

flow_run::frame& flow_run::push(frame::kind what, const step_list& steps,
                                const step* owner) {
  auto of = frames_.empty() ? root_ : frames_.back().of;
  auto& result = frames_.emplace_back();
  result.what = what;
  result.steps = &steps;
  result.owner = owner;
  result.of = of;
  return result;
}

void flow_run::next_item(frame& loop) {
  loop.next = 0;
  auto& extras = *loop.extras;
  scope_.vars.set(item_name, std::move(extras.items[extras.item++]));
  scope_.vars.set(index_name, static_cast<std::int64_t>(extras.item));
}

void flow_run::finish_frame() {
  auto& top = frames_.back();
  if (!is_over(top))
    return next_item(top);
  auto owner = top.owner;
  drop_frame();
  if (owner == nullptr)
    return;
  guarded(*owner, [&] {
    finish_step(*owner, {});
    return true;
  });
}

void flow_run::drop_frame() {
  auto& top = frames_.back();
  if (top.what == frame::kind::loop) {
    scope_.vars.set(item_name, std::move(top.extras->hidden_item));
    scope_.vars.set(index_name, std::move(top.extras->hidden_index));
  } else if (top.what == frame::kind::handler) {
    scope_.error = std::move(top.extras->hidden_error);
    scope_.past = std::move(top.extras->hidden_past);
  }
  frames_.pop_back();
}

void flow_run::finish_step(const step& what, value output) {
  if (!what.target)
    return;
  if (what.target_value) {
    // In `target_value` the payload is the output.
    std::swap(scope_.payload, output);
    struct restore {
      value& now;
      value& before;
      ~restore() {
        std::swap(now, before);
      }
    } guard{scope_.payload, output};
    auto result = what.target_value->evaluate(scope_, lua_);
    scope_.vars.set(*what.target, std::move(result));
  } else {
    scope_.vars.set(*what.target, std::move(output));
  }
}

void flow_run::unwind(error_text why) {
  while (!frames_.empty()) {
    auto& top = frames_.back();
    auto what = top.what;
    auto owner = top.owner;
    auto of = top.of;
    drop_frame();
    if (what == frame::kind::handler) {
      // The flow it belongs to is gone already: its caller is next.
      continue;
    }
    if (what != frame::kind::flow || of->on_error.empty())
      continue;
    // Who drives the run says first what becomes of the event.
    if (owner == nullptr && root_->has_policy())
      continue;
    auto extras = std::make_unique<frame_extras>();
    extras->hidden_error = std::move(scope_.error);
    extras->hidden_past = std::move(scope_.past);
    auto& handler = push(frame::kind::handler, of->on_error, owner);
    handler.of = of;
    handler.extras = std::move(extras);
    scope_.error = std::move(why);
    return;
  }
  error_ = std::move(why);
}

error_text flow_run::place(const failure& what, const step& at) const {
  if (what.text().type != name_of(errc::expression))
    return what.text();
  auto text = "flow " + (frames_.empty() ? root_ : frames_.back().of)->name;
  if (auto line = what.line() != 0 ? what.line() : at.at.line; line != 0)
    text += ", line " + std::to_string(line);
  return {what.text().type, text + ": " + what.text().message};
}

const std::string& flow_run::config() const noexcept {
  for (auto at = frames_.rbegin(); at != frames_.rend(); ++at)
    if (!at->of->config.empty())
      return at->of->config;
  return root_->config;
}

} // namespace switchboard::flows
