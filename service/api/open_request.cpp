#include "service/api/open_request.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>

#include <boost/json.hpp>

#include <switchboard/close_code.hpp>

#include "config/values.hpp"

namespace switchboard::service::api {

namespace {

namespace json = boost::json;

using std::chrono::nanoseconds;

/// Thrown within this file only: what is wrong with which key.
struct complaint {
  std::string text;
  errc code = errc::invalid_argument;
};

[[noreturn]] void refuse(const std::string& key, std::string_view expected) {
  throw complaint{"`" + key + "` is wrong, expected " + std::string{expected}};
}

/// One object of the body: its keys are asked for by name, any other is
/// refused.
class object_reader {
public:
  /// @param key the object's own, with a dot behind it; empty for the body.
  object_reader(const json::value& from, std::string key,
                std::initializer_list<std::string_view> known)
      : key_(std::move(key)) {
    members_ = from.if_object();
    if (members_ == nullptr)
      refuse(key_.substr(0, key_.size() - 1), "an object");
    for (auto& [name, value] : *members_)
      if (std::find(known.begin(), known.end(), std::string_view{name})
          == known.end()) {
        std::string text =
            "unknown key `" + key_ + std::string{name} + "`, known are";
        for (auto word : known)
          text.append(word == *known.begin() ? " " : ", ").append(word);
        throw complaint{std::move(text)};
      }
  }

  /// Null where the key is absent.
  const json::value* find(std::string_view name) const {
    return members_->if_contains(name);
  }

  std::string key_of(std::string_view name) const {
    return key_ + std::string{name};
  }

  std::optional<std::string> text(std::string_view name) const {
    auto value = find(name);
    if (value == nullptr)
      return std::nullopt;
    return text_of(*value, key_of(name));
  }

  void boolean(std::string_view name, bool& out) const {
    auto value = find(name);
    if (value == nullptr)
      return;
    if (!value->is_bool())
      refuse(key_of(name), "true or false");
    out = value->get_bool();
  }

  void number(std::string_view name, double& out, double min, double max,
              std::string_view expected) const {
    auto value = find(name);
    if (value == nullptr)
      return;
    auto found = value->is_number() ? value->to_number<double>()
                                    : std::numeric_limits<double>::quiet_NaN();
    if (!std::isfinite(found) || found < min || found > max)
      refuse(key_of(name), expected);
    out = found;
  }

  void duration(std::string_view name, nanoseconds& out) const {
    auto word = text(name);
    if (!word)
      return;
    auto found = config::parse_duration(*word).value;
    if (!found || *found <= nanoseconds::zero())
      refuse(key_of(name), "a duration longer than 0 such as \"250ms\"");
    out = *found;
  }

  static std::string text_of(const json::value& value, const std::string& key) {
    if (!value.is_string())
      refuse(key, "a string");
    return std::string{value.get_string()};
  }

private:
  const json::object* members_;
  std::string key_;
};

const json::array& array_of(const json::value& value, const std::string& key,
                            std::string_view expected) {
  if (!value.is_array())
    refuse(key, expected);
  return value.get_array();
}

std::vector<std::string> read_groups(const object_reader& from) {
  std::vector<std::string> result;
  auto value = from.find("default_groups");
  if (value == nullptr)
    return result;
  auto key = from.key_of("default_groups");
  for (auto& entry : array_of(*value, key, "an array of strings"))
    result.push_back(object_reader::text_of(entry, key));
  return result;
}

/// Names with a string each, or with an array of strings.
string_pairs read_pairs(const object_reader& from, std::string_view name) {
  string_pairs result;
  auto value = from.find(name);
  if (value == nullptr)
    return result;
  auto key = from.key_of(name);
  if (!value->is_object())
    refuse(key, "an object of strings and arrays of strings");
  for (auto& [member, held] : value->get_object()) {
    auto full = key + '.' + std::string{member};
    if (auto list = held.if_array())
      for (auto& entry : *list)
        result.emplace_back(member, object_reader::text_of(entry, full));
    else
      result.emplace_back(member, object_reader::text_of(held, full));
  }
  return result;
}

void read_strategy(const object_reader& from, reconnection_strategy& out) {
  auto word = from.text("strategy");
  if (!word)
    return;
  if (*word == "none")
    out = reconnection_strategy::none;
  else if (*word == "reconnect")
    out = reconnection_strategy::reconnect;
  else if (*word == "reconnect-forever")
    out = reconnection_strategy::reconnect_forever;
  else
    refuse(from.key_of("strategy"),
           "\"none\", \"reconnect\" or \"reconnect-forever\"");
}

std::optional<close_code> code_of(const json::value& value) {
  if (value.is_string())
    return parse_close_code(std::string_view{value.get_string()});
  if (!value.is_int64())
    return std::nullopt;
  // Peers may close without a code, which no close frame of ours tells.
  if (value.get_int64() == close_codes::no_status)
    return close_codes::no_status;
  return parse_close_code(std::to_string(value.get_int64()));
}

void read_final_close_codes(const object_reader& from,
                            std::vector<close_code>& out) {
  auto value = from.find("final_close_codes");
  if (value == nullptr)
    return;
  constexpr std::string_view expected =
      "an array of close codes by name or number";
  auto key = from.key_of("final_close_codes");
  out.clear();
  for (auto& entry : array_of(*value, key, expected)) {
    auto code = code_of(entry);
    if (!code)
      refuse(key, expected);
    out.push_back(*code);
    // Both are called INVALID_DATA.
    if (*code == close_codes::invalid_data && entry.is_string())
      out.push_back(close_codes::unsupported_data);
  }
}

reconnection_options read_reconnection(const json::value& value) {
  object_reader from{value,
                     "reconnection.",
                     {"fails_deployment", "strategy", "frequency", "count",
                      "blocking", "backoff", "final_close_codes"}};
  reconnection_options result;
  from.boolean("fails_deployment", result.fails_deployment);
  read_strategy(from, result.strategy);
  from.duration("frequency", result.frequency);
  if (auto count = from.find("count")) {
    constexpr auto most = std::numeric_limits<std::uint32_t>::max();
    if (!count->is_int64() || count->get_int64() < 0
        || count->get_int64() > most)
      refuse(from.key_of("count"), "an integer from 0 to 4294967295");
    result.count = static_cast<std::uint32_t>(count->get_int64());
  }
  from.boolean("blocking", result.blocking);
  if (auto backoff = from.find("backoff")) {
    object_reader inner{
        *backoff, "reconnection.backoff.", {"factor", "max", "jitter"}};
    inner.number("factor", result.backoff.factor, 1.0,
                 std::numeric_limits<double>::max(), "a number of at least 1");
    inner.duration("max", result.backoff.max);
    inner.number("jitter", result.backoff.jitter, 0.0, 1.0,
                 "a number from 0 to 1");
  }
  read_final_close_codes(from, result.final_close_codes);
  return result;
}

send_queue_options read_send_queue(const object_reader& from) {
  send_queue_options result;
  if (auto word = from.text("send_queue_limit")) {
    auto found = config::parse_size(*word).value;
    if (!found || *found == 0)
      refuse("send_queue_limit", "a size above 0 such as \"64KiB\"");
    result.limit = *found;
  }
  if (auto word = from.text("slow_consumer")) {
    if (*word == "close")
      result.slow_consumer = slow_consumer_policy::close;
    else if (*word == "drop_newest")
      result.slow_consumer = slow_consumer_policy::drop_newest;
    else if (*word == "drop_oldest")
      result.slow_consumer = slow_consumer_policy::drop_oldest;
    else
      refuse("slow_consumer", "\"close\", \"drop_newest\" or "
                              "\"drop_oldest\"");
  }
  return result;
}

open_outbound_socket_request read(const json::value& body) {
  object_reader from{body,
                     {},
                     {"config", "socket_id", "default_groups", "path", "url",
                      "headers", "query_params", "uri_params", "reconnection",
                      "send_queue_limit", "slow_consumer"}};
  open_outbound_socket_request result;
  result.config = from.text("config").value_or("");
  if (auto id = from.text("socket_id")) {
    // Empty means made up to the registry: nobody asks for that by name.
    if (id->empty())
      throw complaint{"`socket_id` is empty", errc::invalid_socket_id};
    result.socket_id = std::move(*id);
  }
  result.default_groups = read_groups(from);
  if (from.find("path") != nullptr && from.find("url") != nullptr)
    throw complaint{"`path` stands beside `url`, expected one of the two"};
  result.path = from.text("path").value_or("");
  if (auto url = from.text("url")) {
    if (url->empty())
      refuse("url", "ws:// or wss:// and a host");
    result.url = std::move(*url);
  }
  result.headers = read_pairs(from, "headers");
  result.query_params = read_pairs(from, "query_params");
  result.uri_params = read_pairs(from, "uri_params");
  if (auto reconnection = from.find("reconnection"))
    result.reconnection = read_reconnection(*reconnection);
  result.send_queue = read_send_queue(from);
  return result;
}

} // namespace

open_request_body read_open_request(std::string_view body) {
  boost::system::error_code failure;
  auto parsed = body.empty() ? json::value(json::object{})
                             : json::parse({body.data(), body.size()}, failure);
  if (failure)
    return {{}, "the body is not JSON: " + failure.message()};
  if (!parsed.is_object())
    return {{}, "the body is no JSON object"};
  try {
    return {read(parsed), {}};
  } catch (const complaint& what) {
    return {{}, what.text, what.code};
  }
}

} // namespace switchboard::service::api
