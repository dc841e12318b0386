#include "service/client/arguments.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <istream>
#include <optional>

#include <boost/json.hpp>

namespace switchboard::service::client {

namespace {

std::string environment(const char* name) {
  auto value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// @returns whether the stream's end came before `limit`.
bool read_all(std::istream& from, std::size_t limit, std::string& out) {
  std::vector<char> buffer(64 * 1024);
  while (from && out.size() <= limit) {
    from.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    out.append(buffer.data(), static_cast<std::size_t>(from.gcount()));
  }
  return out.size() <= limit;
}

bool read_token(const std::string& file, std::string& out,
                std::string& problem) {
  std::ifstream from{file, std::ios::binary};
  if (!from || !read_all(from, 64 * 1024, out)) {
    problem = "--token-file: cannot read " + file;
    return false;
  }
  while (!out.empty() && (out.back() == '\n' || out.back() == '\r'))
    out.pop_back();
  return true;
}

bool is_token(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7f'; });
}

/// Adds `NAME<separator>VALUE` to an object; a repeated name gets an array.
bool add_pair(boost::json::object& to, std::string_view text, char separator) {
  auto at = text.find(separator);
  if (at == std::string_view::npos || at == 0)
    return false;
  auto value = text.substr(at + 1);
  if (separator == ':')
    while (!value.empty() && value.front() == ' ')
      value.remove_prefix(1);
  auto [i, fresh] = to.emplace(text.substr(0, at), boost::json::string{value});
  if (fresh)
    return true;
  auto& slot = i->value();
  if (!slot.is_array())
    slot = boost::json::array{std::move(slot)};
  slot.as_array().push_back(boost::json::string{value});
  return true;
}

bool add_pairs(boost::json::object& to, std::string_view name,
               std::string_view option, const std::vector<std::string>& from,
               char separator, std::string& problem) {
  if (from.empty())
    return true;
  boost::json::object pairs;
  for (auto& text : from)
    if (!add_pair(pairs, text, separator)) {
      problem = std::string{option} + ": expected NAME" + separator + "VALUE";
      return false;
    }
  to[name] = std::move(pairs);
  return true;
}

} // namespace

bool make_access(const arguments& from, access& out, std::string& problem) {
  auto where = from.admin;
  if (where.empty())
    where = environment("SWITCHBOARD_ADMIN");
  if (where.empty())
    where = "http://127.0.0.1:9080";
  auto parsed = parse_endpoint(where, problem);
  if (!parsed) {
    problem =
        (from.admin.empty() ? "SWITCHBOARD_ADMIN: " : "--admin: ") + problem;
    return false;
  }
  out.where = std::move(*parsed);
  out.trusted = from.trusted;
  if (from.token_file.empty())
    out.token = environment("SWITCHBOARD_TOKEN");
  else if (!read_token(from.token_file, out.token, problem))
    return false;
  if (!is_token(out.token)) {
    problem = from.token_file.empty() ? "SWITCHBOARD_TOKEN" : "--token-file";
    problem += ": a token is printable ASCII without spaces";
    return false;
  }
  return true;
}

bool read_content(std::string_view given, std::string& out,
                  std::string& problem) {
  auto complete = true;
  if (given == "-") {
    complete = read_all(std::cin, most_content, out);
  } else if (given.starts_with('@')) {
    std::string file{given.substr(1)};
    std::ifstream from{file, std::ios::binary};
    if (from)
      complete = read_all(from, most_content, out);
    if (!from.is_open() || from.bad()) {
      problem = "cannot read " + file;
      return false;
    }
  } else {
    out = std::string{given};
  }
  if (!complete)
    problem = "the content is larger than 16 MiB";
  return complete;
}

bool make_opening(const arguments& from, std::string& out,
                  std::string& problem) {
  boost::json::object body;
  auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty())
      body[name] = value;
  };
  add("config", from.config);
  add("socket_id", from.socket_id);
  add("path", from.path);
  add("url", from.url);
  add("send_queue_limit", from.send_queue_limit);
  add("slow_consumer", from.slow_consumer);
  if (!from.groups.empty()) {
    boost::json::array groups;
    for (auto& group : from.groups)
      groups.push_back(boost::json::string{group});
    body["default_groups"] = std::move(groups);
  }
  if (!add_pairs(body, "headers", "--header", from.headers, ':', problem)
      || !add_pairs(body, "query_params", "--query", from.query_params, '=',
                    problem)
      || !add_pairs(body, "uri_params", "--uri-param", from.uri_params, '=',
                    problem))
    return false;
  if (!from.reconnection.empty()) {
    boost::system::error_code wrong;
    auto value = boost::json::parse(from.reconnection, wrong);
    if (wrong || !value.is_object()) {
      problem = "--reconnection: expected a JSON object";
      return false;
    }
    body["reconnection"] = std::move(value);
  }
  out = boost::json::serialize(body);
  return true;
}

} // namespace switchboard::service::client
