#include <algorithm>
#include <iterator>

#include <boost/json.hpp>

#include "config/nearest.hpp"
#include "service/api/json.hpp"
#include "service/api/problem.hpp"
#include "service/api/routes.hpp"
#include "service/log_line.hpp"

namespace switchboard::service::api {

namespace {

constexpr log_level levels[] = {
    log_level::trace, log_level::debug, log_level::info,
    log_level::warn,  log_level::error, log_level::off,
};

constexpr std::string_view expected_level =
    "expected trace, debug, info, warn, error or off";

answer show(const log_levels& what) {
  boost::json::object parts;
  for (std::size_t i = 0; i < report_parts; ++i)
    if (auto& level = what.parts[i])
      parts[report_part_names[i]] = name_of(*level);
  boost::json::object body;
  body["level"] = name_of(what.level);
  body["levels"] = std::move(parts);
  return json_answer(200, body);
}

std::optional<log_level> level_of(const boost::json::value& what) {
  auto text = what.if_string();
  for (auto level : levels)
    if (text != nullptr && std::string_view{*text} == name_of(level))
      return level;
  return std::nullopt;
}

std::optional<report_part> part_of(std::string_view name) {
  auto& names = report_part_names;
  auto i = std::find(names.begin(), names.end(), name);
  if (i == names.end())
    return std::nullopt;
  return static_cast<report_part>(std::distance(names.begin(), i));
}

/// A name as an answer quotes it: no longer than any that is known.
std::string shown(std::string_view name) {
  return std::string{name.substr(0, 64)};
}

/// Reads the body of a change.
/// @returns what is wrong with it; empty where nothing is.
std::string read(const std::string& body, log_level_changes& out) {
  boost::system::error_code wrong;
  auto value = boost::json::parse(body, wrong);
  auto object = wrong ? nullptr : value.if_object();
  if (object == nullptr)
    return "the body is no JSON object";
  for (auto& [name, member] : *object)
    if (name != "level" && name != "levels")
      return "the body has the unknown member `" + shown(name)
             + "`, known are level and levels";
  if (object->empty())
    return "the body has neither level nor levels";
  if (auto level = object->if_contains("level")) {
    out.level = level_of(*level);
    if (!out.level)
      return "level is wrong, " + std::string{expected_level};
  }
  auto found = object->if_contains("levels");
  if (found == nullptr)
    return {};
  auto parts = found->if_object();
  if (parts == nullptr)
    return "levels is no JSON object";
  for (auto& [name, member] : *parts) {
    auto part = part_of(name);
    if (!part)
      return "levels has the unknown part `" + shown(name)
             + "`, the nearest known part is "
             + std::string{config::nearest(shown(name), report_part_names)};
    auto level = level_of(member);
    if (!level && !member.is_null())
      return "levels." + std::string{name} + " is wrong, "
             + std::string{expected_level} + ", or null for none of its own";
    out.parts.emplace_back(*part, level);
  }
  return {};
}

outcome get_log(const request&, const backend& served) {
  return show(served.levels());
}

outcome set_log(const request& from, const backend& served) {
  log_level_changes what;
  if (auto wrong = read(from.body, what); !wrong.empty())
    return problem(errc::invalid_argument, wrong);
  return show(served.change_levels(what));
}

} // namespace

std::vector<route> log_routes() {
  return {
      {"GET",
       "/v1/log",
       "getLog",
       "The log's levels",
       "",
       {},
       {},
       body_kind::none,
       {{200, "The level, and those of parts that have their own.", "Log"}},
       false,
       get_log,
       false},
      {"PUT",
       "/v1/log",
       "setLog",
       "Set levels of the log",
       "What is left out stays as it is; null takes a part's own level away. "
       "Until the next start, or a reload that changes `[log]`.",
       {},
       {},
       body_kind::log_settings,
       {{200, "The level, and those of parts that have their own.", "Log"}},
       false,
       set_log,
       false},
  };
}

} // namespace switchboard::service::api
