#include <unordered_map>

#include <switchboard/error.hpp>

#include "flows/decoder.hpp"
#include "flows/program.hpp"

namespace switchboard::flows {

namespace {

class program_compiler {
public:
  explicit program_compiler(const std::vector<flow_options>& flows)
      : options_(flows), refs_(flows.size()) {
    // nop
  }

  compiled run() {
    for (std::size_t i = 0; i < options_.size(); ++i)
      if (!index_.emplace(options_[i].name, i).second)
        report(options_[i].at,
               "flow `" + options_[i].name + "`: the name is taken");
    auto result = std::make_shared<program>();
    result->flows.reserve(options_.size());
    for (current_ = 0; current_ < options_.size(); ++current_)
      result->flows.push_back(make_flow(options_[current_]));
    check_circles();
    if (!problems_.empty())
      return {nullptr, std::move(problems_)};
    result->chunks = std::make_shared<const lua_chunks>(std::move(chunks_));
    result->backends = std::move(backends_);
    return {std::move(result), {}};
  }

private:
  struct ref {
    std::size_t flow;
    source_place at;
  };

  void report(source_place at, std::string message) {
    problems_.push_back({at, std::move(message)});
  }

  flow make_flow(const flow_options& from) {
    if (from.source == flow_source::schedule
        && from.every <= std::chrono::nanoseconds::zero())
      report(from.at, "flow `" + from.name
                          + "`: a schedule needs `every`, longer than nothing");
    flow result;
    result.name = from.name;
    result.source = from.source;
    result.config = from.config;
    result.path = from.path;
    result.default_groups = from.default_groups;
    result.output_mime_type = from.output_mime_type;
    result.output_encoding = from.output_encoding;
    result.streaming = from.streaming;
    if (from.output_encoding && !is_encoding(*from.output_encoding))
      report(from.at, "flow `" + from.name + "`: output_encoding is `"
                          + *from.output_encoding + "`, which is unknown");
    result.reconnection = from.reconnection;
    result.send_queue = from.send_queue;
    result.every = from.every;
    result.max_concurrency = from.max_concurrency;
    result.timeout = from.timeout;
    if (from.redelivery)
      result.redelivery = make_redelivery(*from.redelivery);
    if (from.retry)
      result.retry = make_retry(*from.retry);
    if (from.dead_letter)
      result.dead_letter = make_dead_letter(*from.dead_letter);
    result.steps = make_steps(from.steps);
    result.on_error = make_steps(from.on_error);
    return result;
  }

  redelivery_rule make_redelivery(const redelivery_options& from) {
    redelivery_rule result;
    if (from.max_redelivery_count >= 0)
      result.most_failures =
          static_cast<std::uint64_t>(from.max_redelivery_count);
    result.object_store = from.object_store;
    result.id = make(from.id_expression);
    if (result.id)
      return result;
    result.digest = digest_algorithm::find(from.message_digest_algorithm);
    if (!result.digest)
      report(from.at, "redelivery: `" + from.message_digest_algorithm
                          + "` is no digest of OpenSSL");
    return result;
  }

  static reconnection_options make_retry(const retry_options& from) {
    reconnection_options result;
    result.strategy = reconnection_strategy::reconnect;
    result.count = from.count;
    result.frequency = from.frequency;
    result.backoff = from.backoff;
    return result;
  }

  dead_letter_rule make_dead_letter(const dead_letter_options& from) {
    dead_letter_rule result;
    auto add = [&](step_options step) {
      step.at = from.at;
      result.steps.push_back(make_step(step));
    };
    if (auto group = std::get_if<dead_letter_group>(&from.to)) {
      result.takes_letter = true;
      broadcast_step cast;
      cast.groups.items = {group->name};
      cast.content = template_text{"#[vars.dead_letter]", from.at};
      step_options told{std::move(cast), std::nullopt, "dead_letter_result",
                        std::nullopt, from.at};
      add(std::move(told));
      raise_error_step lost{
          template_text{std::string{name_of(errc::connectivity)}, from.at},
          template_text{"no socket of the group took it", from.at}};
      step_options checked;
      checked.form = std::move(lost);
      checked.when = template_text{"#[vars.dead_letter_result.matched == "
                                   "#vars.dead_letter_result.failures]",
                                   from.at};
      add(std::move(checked));
    } else {
      step_options one;
      if (auto flow = std::get_if<flow_ref_step>(&from.to))
        one.form = *flow;
      else
        one.form = std::get<http_request_step>(from.to);
      add(std::move(one));
      if (auto asked =
              std::get_if<http_request_action>(&result.steps.back().form))
        asked->tells_error = true;
    }
    return result;
  }

  step_list make_steps(const std::vector<step_options>& from) {
    step_list result;
    result.reserve(from.size());
    for (auto& options : from)
      result.push_back(make_step(options));
    return result;
  }

  step make_step(const step_options& from) {
    auto form = std::visit(
        [&](auto& x) -> decltype(step::form) { return make(x, from); },
        from.form);
    return {std::move(form), make(from.when), from.target,
            make(from.target_value), from.at};
  }

  expression make(const template_text& text) {
    return expression::compile(text, chunks_, problems_);
  }

  std::optional<expression> make(const std::optional<template_text>& text) {
    if (!text)
      return std::nullopt;
    return make(*text);
  }

  list_expression make(const template_list& list) {
    list_expression result;
    result.from_expression = list.from_expression;
    for (auto& item : list.items)
      result.items.push_back(make(item));
    return result;
  }

  pairs_expression make(const template_pairs& pairs) {
    pairs_expression result;
    for (auto& [name, text] : pairs.items)
      result.items.emplace_back(name, make(text));
    result.from_expression = make(pairs.from_expression);
    return result;
  }

  template <class Step>
  filter_expression make_filter(const Step& x) {
    return {make(x.config), make(x.path), make(x.socket_type), make(x.groups)};
  }

  send_action make(const send_step& x, const step_options&) {
    return {make(x.config), make(x.socket_id), make(x.content), x.binary,
            x.reconnection};
  }

  broadcast_action make(const broadcast_step& x, const step_options&) {
    return {make_filter(x), make(x.content), x.binary};
  }

  close_action make(const close_socket_step& x, const step_options&) {
    return {make(x.config), make(x.socket_id), make(x.close_code),
            make(x.reason)};
  }

  bulk_close_action make(const bulk_close_sockets_step& x,
                         const step_options&) {
    return {make_filter(x), make(x.close_code), make(x.reason)};
  }

  open_action make(const open_outbound_socket_step& x, const step_options&) {
    return {make(x.config),       make(x.socket_id),  make(x.default_groups),
            make(x.path),         make(x.url),        make(x.headers),
            make(x.query_params), make(x.uri_params), x.reconnection,
            x.send_queue};
  }

  groups_action make(const subscribe_groups_step& x, const step_options&) {
    return {true, make(x.config), make(x.socket_id), make(x.groups)};
  }

  groups_action make(const unsubscribe_groups_step& x, const step_options&) {
    return {false, make(x.config), make(x.socket_id), make(x.groups)};
  }

  http_request_action make(const http_request_step& x, const step_options&) {
    backends_.push_back(
        std::make_shared<const http_request_settings>(x.settings));
    return {make(x.method), make(x.url), make(x.headers), make(x.body),
            backends_.back()};
  }

  set_variable_action make(const set_variable_step& x, const step_options&) {
    return {x.name, make(x.value)};
  }

  log_action make(const log_step& x, const step_options&) {
    return {make(x.text)};
  }

  raise_error_action make(const raise_error_step& x, const step_options&) {
    return {make(x.type), make(x.message)};
  }

  choice_action make(const choice_step& x, const step_options& from) {
    choice_action result;
    for (auto& branch : x.branches) {
      if (!result.branches.empty() && !result.branches.back().when)
        report(from.at, "choice: a branch behind the one without `when` is "
                        "never reached");
      result.branches.push_back({make(branch.when), make_steps(branch.steps)});
    }
    return result;
  }

  for_each_action make(const for_each_step& x, const step_options&) {
    return {make(x.items), make_steps(x.steps)};
  }

  flow_ref_action make(const flow_ref_step& x, const step_options& from) {
    auto found = index_.find(x.name);
    if (found == index_.end()) {
      report(from.at, "flow_ref: there is no flow `" + x.name + "`");
      return {};
    }
    refs_[current_].push_back({found->second, from.at});
    return {found->second};
  }

  /// Every flow ends: loops end with their items, so only a circle of
  /// references could run for ever.
  void check_circles() {
    enum class mark : std::uint8_t { fresh, open, done };
    std::vector<mark> marks(options_.size(), mark::fresh);
    // Depth first, with a stack of our own: files may be generated.
    std::vector<std::pair<std::size_t, std::size_t>> path;
    for (std::size_t root = 0; root < options_.size(); ++root) {
      if (marks[root] != mark::fresh)
        continue;
      marks[root] = mark::open;
      path.emplace_back(root, 0);
      while (!path.empty()) {
        auto [at, next] = path.back();
        if (next == refs_[at].size()) {
          marks[at] = mark::done;
          path.pop_back();
          continue;
        }
        ++path.back().second;
        auto& to = refs_[at][next];
        if (marks[to.flow] == mark::open) {
          report(to.at, "flow_ref: flow `" + options_[to.flow].name
                            + "` would call itself");
        } else if (marks[to.flow] == mark::fresh) {
          marks[to.flow] = mark::open;
          path.emplace_back(to.flow, 0);
        }
      }
    }
  }

  const std::vector<flow_options>& options_;
  std::vector<std::vector<ref>> refs_;
  std::unordered_map<std::string, std::size_t> index_;
  std::size_t current_ = 0;
  lua_chunks chunks_;
  std::vector<std::shared_ptr<const http_request_settings>> backends_;
  diagnostics problems_;
};

} // namespace

compiled compile(const std::vector<flow_options>& flows) {
  return program_compiler{flows}.run();
}

} // namespace switchboard::flows
