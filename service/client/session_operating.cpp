#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <thread>

#include <sys/ioctl.h>
#include <unistd.h>

#include "service/client/query.hpp"
#include "service/client/rates.hpp"
#include "service/client/session.hpp"
#include "service/client/table.hpp"
#include "service/exit_code.hpp"
#include "service/log_line.hpp"

// Apart from session.cpp: what somebody does who operates the process.

namespace switchboard::service::client {

namespace {

using namespace std::chrono_literals;

/// From one look at a drain to the next.
constexpr auto drain_pace = 250ms;

/// Lines of a table that has nothing to fit into.
constexpr std::size_t usual_lines = 20;

bool is_terminal(const std::ostream& what) {
  return &what == &std::cout && ::isatty(STDOUT_FILENO) == 1;
}

/// What there is room for on the terminal.
struct room {
  /// Sockets, below what stands above them.
  std::size_t sockets = usual_lines;
  std::size_t columns = SIZE_MAX;
};

room room_of_terminal() {
  winsize size{};
  room result;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
    return result;
  // Two lines above them, and the cursor's below.
  constexpr std::size_t others = 3;
  if (size.ws_row > others)
    result.sockets = size.ws_row - others;
  if (size.ws_col > 0)
    result.columns = size.ws_col;
  return result;
}

std::string shown(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

boost::json::object to_json(const socket_rate& what) {
  auto result = what.socket;
  result["messages_received_per_second"] = what.messages_received;
  result["messages_sent_per_second"] = what.messages_sent;
  result["bytes_received_per_second"] = what.bytes_received;
  result["bytes_sent_per_second"] = what.bytes_sent;
  return result;
}

} // namespace

int session::drain() {
  if (!prepare())
    return exit_usage;
  auto body = ask({"POST", "/v1/drain", {}, {}});
  auto terminal = is_terminal(out_);
  std::string told;
  while (body) {
    auto state = cell_of(*body, "state");
    auto over = state == "drained" || given_.at_once;
    auto words = state + ", " + cell_of(*body, "sockets") + " sockets left";
    if (!given_.json && words != told) {
      // A terminal keeps one line for it.
      out_ << (terminal ? "\r\x1b[K" : "") << to_printable(words)
           << (terminal && !over ? "" : "\n") << std::flush;
      told = words;
    }
    if (over)
      return given_.json ? done(*body, {}) : static_cast<int>(exit_done);
    std::this_thread::sleep_for(drain_pace);
    body = ask({"GET", "/v1/drain", {}, {}});
  }
  return exit_failed;
}

int session::reload() {
  if (!prepare())
    return exit_usage;
  target_builder target{"/v1/reload"};
  target.with("dry_run", given_.dry_run ? "true" : "");
  http_answer answer;
  std::string problem;
  if (!exchange(how_, {"POST", target.text(), {}, {}}, answer, problem))
    return failed(problem);
  boost::system::error_code wrong;
  auto parsed = boost::json::parse(answer.body, wrong);
  auto body = wrong ? nullptr : parsed.if_object();
  if (body != nullptr && body->contains("diagnostics"))
    return wrong_file(answer, *body);
  if (answer.status != 200 || body == nullptr)
    return refused(answer);
  if (given_.json)
    return done(*body, {});
  auto changes = body->if_contains("changes");
  if (changes == nullptr || !changes->is_array()
      || changes->get_array().empty())
    return done(*body, "nothing has changed");
  table shown{
      {"KEY", "CHANGE", given_.dry_run ? "WOULD BE" : "EFFECT", "NOTE"}};
  for (auto& entry : changes->get_array())
    if (auto change = entry.if_object())
      shown.add({cell_of(*change, "key"), cell_of(*change, "change"),
                 cell_of(*change, "effect"), cell_of(*change, "note")});
  shown.print(out_);
  return exit_done;
}

int session::wrong_file(const http_answer& answer,
                        const boost::json::object& problem) {
  if (given_.json)
    done(problem, {});
  if (auto list = problem.at("diagnostics").if_array())
    for (auto& entry : *list)
      if (auto what = entry.if_object(); what != nullptr && !given_.json)
        err_ << to_printable(
            cell_of(*what, "line") + ":" + cell_of(*what, "column") + ": "
            + cell_of(*what, "key") + ": " + cell_of(*what, "message"))
             << '\n';
  refused(answer);
  return exit_usage;
}

int session::top() {
  if (!prepare())
    return exit_usage;
  using clock = std::chrono::steady_clock;
  auto terminal = is_terminal(out_) && !given_.json;
  auto count = given_.count == 0 && !terminal ? 1 : given_.count;
  rate_counter rates;
  boost::json::value ignored;
  auto first = fetch_sockets(0, ignored);
  if (!first)
    return exit_failed;
  rates.look(*first, 1);
  auto last = clock::now();
  for (std::size_t i = 0; count == 0 || i < count; ++i) {
    std::this_thread::sleep_for(std::chrono::duration<double>{given_.interval});
    auto sockets = fetch_sockets(0, ignored);
    if (!sockets)
      return exit_failed;
    auto now = clock::now();
    std::chrono::duration<double> passed = now - last;
    last = now;
    auto found = rates.look(*sockets, passed.count());
    auto all = found.size();
    // Asked each time: it may have been resized.
    auto space = terminal ? room_of_terminal() : room{};
    auto most = given_.limit > 0 ? given_.limit : space.sockets;
    if (found.size() > most)
      found.resize(most);
    if (given_.json) {
      boost::json::array list;
      for (auto& what : found)
        list.push_back(to_json(what));
      boost::json::object body;
      body["seconds"] = passed.count();
      body["all"] = all;
      body["sockets"] = std::move(list);
      done(body, {});
      out_ << std::flush;
      continue;
    }
    table shown_rates{{"ID", "CONFIG", "PATH", "STATE", "IN/S", "OUT/S",
                       "IN B/S", "OUT B/S", "QUEUED"}};
    for (auto& what : found)
      shown_rates.add(
          {cell_of(what.socket, "socket_id"), cell_of(what.socket, "config"),
           cell_of(what.socket, "path"), cell_of(what.socket, "state"),
           shown(what.messages_received), shown(what.messages_sent),
           shown(what.bytes_received), shown(what.bytes_sent),
           cell_of(what.socket, "queued_bytes")});
    if (terminal)
      out_ << "\x1b[H\x1b[2J";
    out_ << found.size() << " of " << all << " sockets, the busiest first\n";
    shown_rates.print(out_, space.columns);
    out_ << std::flush;
  }
  return exit_done;
}

} // namespace switchboard::service::client
