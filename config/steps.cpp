#include "config/steps.hpp"

#include <utility>

#include <switchboard/close_code.hpp>

#include "config/constants.hpp"
#include "config/http_step.hpp"
#include "config/open_step.hpp"
#include "config/reconnection.hpp"
#include "config/table_reader.hpp"
#include "config/templates.hpp"

namespace switchboard::config {

namespace {

using step_form = decltype(step_options::form);

constexpr std::string_view expected_when = "one `#[ … ]` that yields a boolean";
constexpr std::string_view expected_items = "one `#[ … ]` that yields a list";

constexpr key_spec send_keys[] = {
    {"config"}, {"socket_id"}, {"content"},
    {"binary"}, {"text"},      {"reconnection"},
};

constexpr key_spec broadcast_keys[] = {
    {"config"},  {"path"},   {"socket_type"}, {"groups"},
    {"content"}, {"binary"}, {"text"},        {"reconnection"},
};

constexpr key_spec close_socket_keys[] = {
    {"config"}, {"socket_id"}, {"close_code"}, {"reason"}, {"reconnection"},
};

constexpr key_spec bulk_close_sockets_keys[] = {
    {"config"},     {"path"},   {"socket_type"},  {"groups"},
    {"close_code"}, {"reason"}, {"reconnection"},
};

constexpr key_spec groups_keys[] = {
    {"config"},
    {"socket_id"},
    {"groups", presence::required, "an array of groups"},
    {"reconnection"},
};

constexpr key_spec set_variable_keys[] = {
    {"name", presence::required, "a variable's name"},
    {"value", presence::required, "a string, or `#[ … ]` in one"},
};

constexpr key_spec raise_error_keys[] = {
    {"type", presence::required, "an error's name such as \"APP:WRONG\""},
    {"message"},
};

constexpr key_spec branch_keys[] = {
    {"when"},
    {"steps", presence::required, "an array of steps"},
};

constexpr key_spec for_each_keys[] = {
    {"items", presence::required, expected_items},
    {"steps", presence::required, "an array of steps"},
};

/// Reads the steps of one flow.
class step_reader {
public:
  explicit step_reader(flow_draft& notes) : notes_(notes) {
    // nop
  }

  std::vector<step_options> read_list(const value_reader& value) {
    std::vector<step_options> result;
    if (depth_ == max_step_depth) {
      value.refuse("lies too deep, expected at most "
                   + std::to_string(max_step_depth) + " steps within steps");
      return result;
    }
    auto elements = value.array("an array of steps");
    if (!elements)
      return result;
    ++depth_;
    for (auto& element : *elements)
      if (auto step = read_step(element))
        result.push_back(std::move(*step));
    --depth_;
    return result;
  }

private:
  using form_reader =
      std::optional<step_form> (step_reader::*)(const value_reader&);

  struct form_spec {
    std::string_view name;
    form_reader read;
  };

  static const form_spec forms[];

  static const std::vector<key_spec>& step_keys() {
    static const auto keys = [] {
      std::vector<key_spec> result;
      for (auto* form = forms; !form->name.empty(); ++form)
        result.push_back({form->name});
      for (auto name : {"when", "target", "target_value"})
        result.push_back({name});
      return result;
    }();
    return keys;
  }

  std::optional<step_options> read_step(const value_reader& value) {
    table_reader table{value, step_keys(), "a step, which is a table"};
    std::optional<step_form> form;
    std::string_view first;
    for (auto* spec = forms; !spec->name.empty(); ++spec) {
      auto found = table.find(spec->name);
      if (!found)
        continue;
      auto candidate = (this->*spec->read)(*found);
      if (first.empty()) {
        first = spec->name;
        form = std::move(candidate);
      } else {
        table.refuse_key(spec->name, "stands beside " + std::string{first}
                                         + ", expected one form a step");
      }
    }
    // A key that was refused by name was meant to be the form.
    if (first.empty() && !table.has_refused())
      value.refuse("has no form, expected one of " + form_names());
    step_options result;
    result.at = value.at();
    if (auto when = table.find("when"))
      result.when = read_expression(*when, expected_when);
    if (auto target = table.find("target"))
      if (auto name = read_constant(*target, "a variable's name"))
        result.target = name->value;
    result.target_value = read_template(table, "target_value");
    if (table.has("target_value") && !table.has("target"))
      table.refuse_key("target_value",
                       "has no effect alone, expected target beside it");
    if (!form)
      return std::nullopt;
    result.form = std::move(*form);
    return result;
  }

  static std::string form_names() {
    std::vector<std::string> names;
    for (auto* form = forms; !form->name.empty(); ++form)
      names.emplace_back(form->name);
    return listed(names);
  }

  std::optional<template_text> read_config(const table_reader& table) {
    return read_template(table, "config", [this](const text& constant) {
      auto problem = check_not_empty(constant);
      if (problem.empty())
        notes_.step_configs.push_back(constant);
      return problem;
    });
  }

  std::optional<template_text> read_socket_id(const table_reader& table) {
    if (!table.has("socket_id"))
      notes_.socketless_steps.push_back(
          {{}, table.at(), table.key_of("socket_id")});
    return read_template(table, "socket_id", check_socket_id);
  }

  static std::optional<bool> read_binary(const table_reader& table) {
    auto value = false;
    if (table.has("binary") && table.has("text"))
      table.refuse_key("text", "stands beside binary, expected one of the two");
    if (table.boolean("binary", value))
      return value;
    if (table.boolean("text", value))
      return !value;
    return std::nullopt;
  }

  static std::optional<template_text>
  read_close_code(const table_reader& table) {
    auto value = table.find("close_code");
    if (!value)
      return std::nullopt;
    auto* number = value->node().as_integer();
    if (number == nullptr)
      return read_template(*value, check_close_code);
    text constant{std::to_string(number->get()), value->at(), value->key()};
    if (auto problem = check_close_code(constant); !problem.empty()) {
      value->refuse(std::move(problem));
      return std::nullopt;
    }
    return template_text{constant.value, constant.at};
  }

  static template_list read_groups(const table_reader& table) {
    auto value = table.find("groups");
    return value ? read_template_list(*value, check_group) : template_list{};
  }

  std::optional<step_form> read_send(const value_reader& value) {
    table_reader table{value, send_keys};
    send_step result;
    result.config = read_config(table);
    result.socket_id = read_socket_id(table);
    result.content = read_template(table, "content");
    result.binary = read_binary(table);
    result.reconnection = read_reconnection(table);
    return result;
  }

  std::optional<step_form> read_broadcast(const value_reader& value) {
    table_reader table{value, broadcast_keys};
    broadcast_step result;
    result.config = read_config(table);
    result.path = read_template(table, "path", check_path);
    result.socket_type = read_template(table, "socket_type", check_socket_type);
    result.groups = read_groups(table);
    result.content = read_template(table, "content");
    result.binary = read_binary(table);
    read_reconnection(table);
    return result;
  }

  std::optional<step_form> read_close_socket(const value_reader& value) {
    table_reader table{value, close_socket_keys};
    close_socket_step result;
    result.config = read_config(table);
    result.socket_id = read_socket_id(table);
    result.close_code = read_close_code(table);
    result.reason = read_template(table, "reason", check_reason);
    read_reconnection(table);
    return result;
  }

  std::optional<step_form> read_bulk_close_sockets(const value_reader& value) {
    table_reader table{value, bulk_close_sockets_keys};
    bulk_close_sockets_step result;
    result.config = read_config(table);
    result.path = read_template(table, "path", check_path);
    result.socket_type = read_template(table, "socket_type", check_socket_type);
    result.groups = read_groups(table);
    result.close_code = read_close_code(table);
    result.reason = read_template(table, "reason", check_reason);
    read_reconnection(table);
    return result;
  }

  std::optional<step_form> read_open(const value_reader& value) {
    table_reader table{value, open_outbound_socket_keys};
    auto result = read_open_outbound_socket(table);
    opening_draft opening{table.key_of("config"), table.at(), std::nullopt};
    result.config = read_template(table, "config", [&](const text& constant) {
      auto problem = check_not_empty(constant);
      if (problem.empty())
        opening.config = constant;
      return problem;
    });
    // One that is computed is known at run time only.
    if (opening.config
        || (!table.has("config") && !table.is_misspelled("config")))
      notes_.openings.push_back(std::move(opening));
    return result;
  }

  template <class Step>
  std::optional<step_form> read_group_step(const value_reader& value) {
    table_reader table{value, groups_keys};
    Step result;
    result.config = read_config(table);
    result.socket_id = read_socket_id(table);
    result.groups = read_groups(table);
    if (auto groups = table.find("groups"))
      if (auto* array = groups->node().as_array(); array && array->empty())
        groups->refuse("is empty, expected at least one group");
    read_reconnection(table);
    return result;
  }

  std::optional<step_form> read_http(const value_reader& value) {
    auto result = read_http_request(value, notes_);
    return result ? std::optional<step_form>{std::move(*result)} : std::nullopt;
  }

  std::optional<step_form> read_set_variable(const value_reader& value) {
    table_reader table{value, set_variable_keys};
    set_variable_step result;
    auto name = table.find("name");
    if (name)
      if (auto constant = read_constant(*name, "a variable's name"))
        result.name = constant->value;
    auto text = read_template(table, "value");
    if (result.name.empty() || !text)
      return std::nullopt;
    result.value = std::move(*text);
    return result;
  }

  std::optional<step_form> read_log(const value_reader& value) {
    auto text = read_template(value);
    if (!text)
      return std::nullopt;
    return log_step{std::move(*text)};
  }

  std::optional<step_form> read_raise_error(const value_reader& value) {
    table_reader table{value, raise_error_keys};
    auto type = read_template(table, "type", check_not_empty);
    auto message = read_template(table, "message");
    if (!type)
      return std::nullopt;
    return raise_error_step{std::move(*type), std::move(message)};
  }

  std::optional<step_form> read_choice(const value_reader& value) {
    auto elements = value.array("an array of branches");
    if (!elements)
      return std::nullopt;
    if (elements->empty())
      value.refuse("is empty, expected at least one branch");
    choice_step result;
    for (std::size_t i = 0; i < elements->size(); ++i) {
      auto& element = (*elements)[i];
      table_reader table{element, branch_keys, "a branch, which is a table"};
      choice_branch branch;
      if (auto when = table.find("when"))
        branch.when = read_expression(*when, expected_when);
      else if (!table.has_refused() && i + 1 < elements->size())
        element.refuse("has no when, expected that of the last branch only");
      if (auto steps = table.find("steps"))
        branch.steps = read_list(*steps);
      result.branches.push_back(std::move(branch));
    }
    return result;
  }

  std::optional<step_form> read_for_each(const value_reader& value) {
    table_reader table{value, for_each_keys};
    for_each_step result;
    auto items = table.find("items");
    auto list = items ? read_expression(*items, expected_items) : std::nullopt;
    if (auto steps = table.find("steps"))
      result.steps = read_list(*steps);
    if (!list)
      return std::nullopt;
    result.items = std::move(*list);
    return result;
  }

  std::optional<step_form> read_flow_ref(const value_reader& value) {
    auto name = read_constant(value, "the name of a flow");
    if (!name)
      return std::nullopt;
    notes_.flow_refs.push_back(*name);
    return flow_ref_step{name->value};
  }

  flow_draft& notes_;
  std::size_t depth_ = 0;
};

const step_reader::form_spec step_reader::forms[] = {
    {"send", &step_reader::read_send},
    {"broadcast", &step_reader::read_broadcast},
    {"close_socket", &step_reader::read_close_socket},
    {"bulk_close_sockets", &step_reader::read_bulk_close_sockets},
    {"open_outbound_socket", &step_reader::read_open},
    {"subscribe_groups", &step_reader::read_group_step<subscribe_groups_step>},
    {"unsubscribe_groups",
     &step_reader::read_group_step<unsubscribe_groups_step>},
    {"http_request", &step_reader::read_http},
    {"set_variable", &step_reader::read_set_variable},
    {"log", &step_reader::read_log},
    {"raise_error", &step_reader::read_raise_error},
    {"choice", &step_reader::read_choice},
    {"for_each", &step_reader::read_for_each},
    {"flow_ref", &step_reader::read_flow_ref},
    {{}, nullptr},
};

} // namespace

std::vector<step_options> read_steps(const value_reader& value,
                                     flow_draft& notes) {
  return step_reader{notes}.read_list(value);
}

} // namespace switchboard::config
