#include "bench/compare/plan.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/json.hpp>

#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

namespace json = boost::json;

std::string text_of(const json::value& from) {
  return from.is_string() ? std::string{from.get_string()}
                          : json::serialize(from);
}

std::string text_at(const json::object& from, const char* key) {
  auto found = from.if_contains(key);
  return found ? text_of(*found) : std::string{};
}

std::vector<std::string> list_at(const json::object& from, const char* key) {
  std::vector<std::string> result;
  if (auto found = from.if_contains(key)) {
    for (const auto& each : found->as_array())
      result.push_back(text_of(each));
  }
  return result;
}

option_map map_of(const json::value& from) {
  option_map result;
  for (const auto& [key, value] : from.as_object())
    result[std::string{key}] = text_of(value);
  return result;
}

server_plan server_of(const json::object& from) {
  server_plan result;
  result.name = text_at(from, "name");
  result.command = list_at(from, "command");
  if (auto found = from.if_contains("environment"))
    result.environment = map_of(*found);
  result.files = list_at(from, "files");
  result.needs = list_at(from, "needs");
  result.deflate = text_at(from, "deflate") == "true";
  for (const auto& [key, value] : from.at("scenarios").as_object())
    result.scenarios[std::string{key}] = map_of(value);
  if (result.name.empty() || result.command.empty())
    throw wrong_usage{"a server needs a name and a command"};
  return result;
}

case_plan case_of(const json::object& from) {
  case_plan result;
  result.name = text_at(from, "name");
  result.scenario = text_at(from, "scenario");
  if (auto found = from.if_contains("options"))
    result.options = map_of(*found);
  result.servers = list_at(from, "servers");
  result.without = list_at(from, "without");
  return result;
}

} // namespace

comparison_plan read_plan(const std::string& path) {
  try {
    std::ifstream file{path};
    if (!file)
      throw wrong_usage{"cannot be read"};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    auto whole = json::parse(text).as_object();
    comparison_plan result;
    result.folder =
        std::filesystem::absolute(path).parent_path().lexically_normal();
    result.baseline = text_at(whole, "baseline");
    for (const auto& each : whole.at("servers").as_array())
      result.servers.push_back(server_of(each.as_object()));
    for (const auto& each : whole.at("cases").as_array())
      result.cases.push_back(case_of(each.as_object()));
    return result;
  } catch (const std::exception& wrong) {
    throw wrong_usage{path + ": " + wrong.what()};
  }
}

bool takes_part(const server_plan& server, const case_plan& which) {
  if (!server.scenarios.contains(which.scenario))
    return false;
  auto deflate = which.options.find("deflate");
  if (deflate != which.options.end() && deflate->second != "off"
      && !server.deflate)
    return false;
  auto holds = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), server.name) != names.end();
  };
  return (which.servers.empty() || holds(which.servers))
         && !holds(which.without);
}

} // namespace switchboard::bench
