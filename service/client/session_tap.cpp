#include <array>
#include <charconv>
#include <string>

#include "service/client/query.hpp"
#include "service/client/session.hpp"
#include "service/client/sse.hpp"
#include "service/client/table.hpp"
#include "service/exit_code.hpp"
#include "service/log_line.hpp"

namespace switchboard::service::client {

namespace {

/// Three signs of life of a tap.
constexpr std::chrono::seconds tap_patience{45};

/// As short as it can be read back, whatever the locale.
std::string number(double value) {
  std::array<char, 32> text{};
  auto [end, failure] =
      std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end};
}

/// A line for people: time, event, socket, and what there is to say.
std::string line_of(const boost::json::object& what) {
  auto event = cell_of(what, "event");
  auto result = cell_of(what, "time") + " " + event;
  auto add = [&](const std::string& text) {
    if (!text.empty())
      result += " " + text;
  };
  add(cell_of(what, "socket_id"));
  add(cell_of(what, "path"));
  if (event == "message" || event == "sent") {
    add(event == "message" ? "<-" : "->");
    add(cell_of(what, "format"));
    add(cell_of(what, "size") + " B");
    if (what.contains("payload"))
      result += ": " + cell_of(what, "payload");
    if (cell_of(what, "truncated") == "true")
      add("...");
  } else if (event == "closed" || event == "reconnecting") {
    add(cell_of(what, "code"));
    add("by " + cell_of(what, "by"));
    add(cell_of(what, "reason"));
  } else if (event == "dropped") {
    add("not sampled " + cell_of(what, "not_sampled") + ", over rate "
        + cell_of(what, "over_rate") + ", overflowed "
        + cell_of(what, "overflowed"));
  } else {
    add(cell_of(what, "remote_address"));
    add(cell_of(what, "reason"));
  }
  return to_printable(result);
}

} // namespace

int session::tap() {
  if (!prepare())
    return exit_usage;
  target_builder target{"/v1/tap"};
  target.with("socket", given_.socket_id).with("config", given_.config);
  target.with("path", given_.path).with("type", given_.type);
  for (auto& group : given_.groups)
    target.with("group", group);
  target.with("payload", given_.payload ? "true" : "");
  if (given_.payload_limit > 0)
    target.with("payload_limit", std::to_string(given_.payload_limit));
  if (given_.sample > 0)
    target.with("sample", number(given_.sample));
  if (given_.rate > 0)
    target.with("rate", std::to_string(given_.rate));
  sse_reader reader;
  auto left = given_.count;
  auto ended = false;
  http_question what{"GET", target.text(), {}, {}, tap_patience, {}};
  what.on_body = [&](std::string_view bytes) {
    sse_reader::event event;
    while (!ended && reader.take(bytes, event)) {
      boost::system::error_code wrong;
      auto data = boost::json::parse(event.data, wrong);
      if (wrong || !data.is_object())
        continue;
      if (given_.json)
        out_ << event.data << '\n';
      else
        out_ << line_of(data.get_object()) << '\n';
      ended = event.name == "end" || (left > 0 && --left == 0);
    }
    out_ << std::flush;
    return !ended && out_.good();
  };
  http_answer answer;
  std::string problem;
  if (!exchange(how_, what, answer, problem))
    return failed(problem);
  if (answer.status != 200)
    return refused(answer);
  return ended ? static_cast<int>(exit_done)
               : failed(to_string(how_.where) + ": the tap broke off");
}

} // namespace switchboard::service::client
