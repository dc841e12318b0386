#include "flows/backend_call.hpp"

#include <algorithm>

#include "flows/cloud_event.hpp"
#include "flows/failure.hpp"
#include "flows/json_text.hpp"
#include "net/header_values.hpp"

namespace switchboard::flows {

namespace {

namespace json = boost::json;

/// Of an answer's body, in an error's message.
constexpr std::size_t told_of_body = 512;

constexpr std::string_view groups_header = "Switchboard-Groups";
constexpr std::string_view close_header = "Switchboard-Close";

/// At most `limit` bytes of a text, cut between characters; what could break
/// a line or is no UTF-8 becomes a dot.
std::string tame(std::string_view text, std::size_t limit) {
  std::string result{text.substr(0, limit)};
  while (!result.empty() && text.size() > result.size()
         && (static_cast<unsigned char>(text[result.size()]) & 0xC0) == 0x80)
    result.pop_back();
  auto sound = is_utf8(result);
  for (auto& c : result) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !sound))
      c = '.';
  }
  return result;
}

/// `text` without blanks and line ends around it.
std::string_view trim(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  auto first = std::min(text.find_first_not_of(blank), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(blank) + 1);
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return result;
}

value headers_of(const net::http_response& answer) {
  json::object result;
  for (auto& [name, text] : answer.headers) {
    // Whatever a peer writes into a header, JSON holds UTF-8 only.
    auto safe = is_utf8(text) ? text : tame(text, text.size());
    auto& held = result[lower(name)];
    if (held.is_null())
      held = safe;
    else if (auto list = held.if_array())
      list->push_back(json::string{safe});
    else
      held = json::array{held, json::string{safe}};
  }
  return from_json(std::move(result));
}

value body_of(const net::http_response& answer) {
  auto content = payload{answer.body, !is_utf8(answer.body)};
  if (is_json_type(answer.header("Content-Type"))) {
    auto result = std::make_shared<const document>(content, true);
    try {
      result->json();
      return result;
    } catch (const failure&) {
      // It says JSON and is none: what came is still a string.
    }
  }
  return std::make_shared<const document>(std::move(content), false);
}

bool is_text(const net::http_response& answer) {
  auto type = lower(answer.header("Content-Type"));
  return type.empty() || type.starts_with("text/plain");
}

bool read_groups(std::string_view list, socket_orders& out) {
  while (!list.empty()) {
    auto comma = std::min(list.find(','), list.size());
    auto item = net::trim_blanks(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (item.empty())
      continue;
    auto leaves = item.front() == '-';
    if (leaves || item.front() == '+')
      item.remove_prefix(1);
    auto name = decode_name(item);
    if (name.empty() || !is_utf8(name))
      return false;
    (leaves ? out.unsubscribe : out.subscribe).push_back(std::move(name));
  }
  return true;
}

} // namespace

std::string fit_reason(std::string_view text) {
  return tame(text, max_close_reason);
}

value to_value(const backend_answer& answer) {
  auto result = std::make_shared<record>();
  result->fields.emplace_back("body", body_of(answer.what));
  result->fields.emplace_back("status",
                              static_cast<std::int64_t>(answer.what.status));
  result->fields.emplace_back("headers", headers_of(answer.what));
  return std::shared_ptr<const record>{std::move(result)};
}

std::optional<error_text> problem_of(const backend_answer& answer) {
  auto& what = answer.what;
  if (what.status / 100 == 2)
    return std::nullopt;
  auto status = std::to_string(what.status);
  auto text = answer.from + " answered " + status;
  if (!what.reason.empty())
    text += " " + tame(what.reason, 80);
  if (!what.body.empty())
    text += ": " + tame(what.body, told_of_body);
  return error_text{"HTTP:" + status, std::move(text)};
}

std::string refusal_of(const backend_answer& answer) {
  auto& what = answer.what;
  std::string problem;
  if (auto orders = read_orders(answer, problem);
      orders && orders->close && !orders->close->reason.empty())
    return orders->close->reason;
  if (auto body = trim(what.body); !body.empty() && is_text(what))
    return fit_reason(body);
  return what.reason.empty() ? std::to_string(what.status)
                             : fit_reason(what.reason);
}

std::optional<socket_orders> read_orders(const backend_answer& answer,
                                         std::string& problem) {
  socket_orders result;
  if (!read_groups(answer.what.joined_header(groups_header), result)) {
    problem = answer.from + " answered with a " + std::string{groups_header}
              + " that has a group without a name";
    return std::nullopt;
  }
  if (answer.what.count(close_header) == 0)
    return result;
  auto text = net::trim_blanks(answer.what.header(close_header));
  auto end = std::min(text.find(' '), text.size());
  auto code = parse_close_code(text.substr(0, end));
  if (!code) {
    problem = answer.from + " answered with a " + std::string{close_header}
              + " that has no close code";
    return std::nullopt;
  }
  result.close = socket_orders::closing{
      *code, fit_reason(decode_name(net::trim_blanks(text.substr(end))))};
  return result;
}

} // namespace switchboard::flows
