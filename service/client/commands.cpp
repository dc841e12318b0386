#include "service/client/commands.hpp"

#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <switchboard/close_code.hpp>

#include "service/client/arguments.hpp"
#include "service/client/session.hpp"

namespace switchboard::service::client {

namespace {

constexpr const char* content_help =
    "The message: text, @FILE for a file's content, - for standard input";

std::string judge_code(const std::string& text) {
  return parse_close_code(text)
             ? std::string{}
             : "expected the name of a close code, or 1000 to 1003, 1007 to "
               "1014, 3000 to 4999";
}

std::string judge_reason(const std::string& text) {
  return text.size() <= max_close_reason ? std::string{}
                                         : "expected at most 123 bytes";
}

std::string judge_filled(const std::string& text) {
  return text.empty() ? "expected a value that is not empty" : std::string{};
}

} // namespace

struct commands::impl {
  using action = std::function<int(session&)>;

  explicit impl(CLI::App& to) : app(to) {
    add_sockets();
    add_send();
    add_broadcast();
    add_close();
    add_open();
    add_groups();
    add_drain();
    add_reload();
    add_top();
    add_tap();
  }

  CLI::App* add(CLI::App& to, const char* name, const char* description,
                action run) {
    auto result = to.add_subcommand(name, description);
    result->add_option("--admin", given.admin,
                       "Management API, http:// or https:// (environment: "
                       "SWITCHBOARD_ADMIN; default http://127.0.0.1:9080)");
    result->add_option("--token-file", given.token_file,
                       "File that holds the token (environment: "
                       "SWITCHBOARD_TOKEN)");
    result->add_option("--ca", given.trusted,
                       "File of trusted certificates, PEM (default: the "
                       "system's)");
    result->add_flag("--json", given.json, "Print JSON");
    actions.emplace_back(result, std::move(run));
    return result;
  }

  CLI::Option* add_text(CLI::App* to, const char* name, std::string& value,
                        const char* help) {
    return to->add_option(name, value, help)->check(judge_filled);
  }

  CLI::Option* add_list(CLI::App* to, const char* name,
                        std::vector<std::string>& value, const char* help) {
    // One value each time, so that none of the positionals is taken.
    return to->add_option(name, value, help)
        ->allow_extra_args(false)
        ->check(judge_filled);
  }

  void add_config(CLI::App* to) {
    add_text(to, "--config", given.config, "Only of this configuration");
  }

  void add_filter(CLI::App* to) {
    add_config(to);
    add_text(to, "--path", given.path,
             "Only where the path below the base path matches this pattern");
    to->add_option("--type", given.type, "INBOUND, OUTBOUND or ALL")
        ->transform(
            CLI::IsMember({"INBOUND", "OUTBOUND", "ALL"}, CLI::ignore_case));
    add_list(to, "--group", given.groups,
             "Only of this group; given again: of any of them");
  }

  void add_kind(CLI::App* to) {
    auto binary = to->add_flag("--binary", given.binary, "Send it as binary");
    to->add_flag("--text", text, "Send it as text, which is the default")
        ->excludes(binary);
  }

  void add_closing(CLI::App* to) {
    to->add_option("--code", given.code,
                   "Close code by name or number (default NORMAL_CLOSURE)")
        ->check(judge_code);
    to->add_option("--reason", given.reason, "Reason in the close frame")
        ->check(judge_reason);
  }

  void add_sockets() {
    auto what =
        add(app, "sockets", "List sockets, or show one", [this](session& at) {
          return given.socket_id.empty() ? at.list_sockets() : at.show_socket();
        });
    auto id = add_text(what, "ID", given.socket_id, "Show this socket");
    add_filter(what);
    what->add_option("--limit", given.limit, "The most sockets (default: all)")
        ->check(CLI::PositiveNumber);
    for (auto name : {"--config", "--path", "--type", "--group", "--limit"})
      id->excludes(what->get_option(name));
  }

  void add_send() {
    auto what = add(app, "send", "Send a message to a socket",
                    [](session& at) { return at.send(); });
    add_text(what, "ID", given.socket_id, "The socket")->required();
    what->add_option("CONTENT", given.content, content_help)->required();
    add_config(what);
    add_kind(what);
  }

  void add_broadcast() {
    auto what = add(app, "broadcast", "Send a message to many sockets",
                    [](session& at) { return at.broadcast(); });
    what->add_option("CONTENT", given.content, content_help)->required();
    add_filter(what);
    add_kind(what);
  }

  void add_close() {
    auto what = add(
        app, "close", "Close a socket, or those that the options name",
        [this](session& at) {
          return given.socket_id.empty() ? at.close_many() : at.close_socket();
        });
    auto id = add_text(what, "ID", given.socket_id, "The socket");
    add_filter(what);
    add_closing(what);
    auto all = what->add_flag("--all", given.all, "Every socket");
    for (auto name : {"--path", "--type", "--group", "--all"})
      id->excludes(what->get_option(name));
    for (auto name : {"--config", "--path", "--type", "--group"})
      all->excludes(what->get_option(name));
    what->callback([this] {
      if (given.socket_id.empty() && !given.all && given.config.empty()
          && given.path.empty() && given.type.empty() && given.groups.empty())
        throw CLI::ValidationError{
            "close", "names no socket: give an ID, options that choose "
                     "sockets, or --all"};
    });
  }

  void add_open() {
    auto what = add(app, "open", "Open an outbound socket and print its id",
                    [](session& at) { return at.open(); });
    add_text(what, "--config", given.config,
             "May be left out where only one has client settings");
    add_text(what, "--socket-id", given.socket_id, "Made up when left out");
    add_list(what, "--group,--default-group", given.groups,
             "A group that it is in from the beginning; may be given again");
    auto path =
        add_text(what, "--path", given.path, "Below the client's base path");
    add_text(what, "--url", given.url,
             "ws:// or wss://, instead of the client's host and --path")
        ->excludes(path);
    add_list(what, "--header", given.headers,
             "NAME:VALUE of the handshake; may be given again");
    add_list(what, "--query,--query-param", given.query_params,
             "NAME=VALUE of the query; may be given again");
    add_list(what, "--uri-param", given.uri_params,
             "NAME=VALUE for {NAME} in path or url; may be given again");
    add_text(what, "--reconnection", given.reconnection,
             "JSON object, in place of the configuration's");
    add_text(what, "--send-queue-limit", given.send_queue_limit,
             "A size such as 64KiB, in place of the configuration's");
    add_text(what, "--slow-consumer", given.slow_consumer,
             "close, drop_newest or drop_oldest, in place of the "
             "configuration's");
  }

  void add_groups() {
    auto what = add(app, "groups",
                    "List groups; put a socket into groups or take it out",
                    [](session& at) { return at.list_groups(); });
    add_config(what);
    what->require_subcommand(0, 1);
    auto change = [&](const char* name, const char* help, action run) {
      auto one = add(*what, name, help, std::move(run));
      add_text(one, "ID", given.socket_id, "The socket")->required();
      one->add_option("GROUP", given.groups, "One or more groups")
          ->required()
          ->check(judge_filled);
      add_config(one);
    };
    change("subscribe", "Put a socket into groups",
           [](session& at) { return at.subscribe(); });
    change("unsubscribe", "Take a socket out of groups",
           [](session& at) { return at.unsubscribe(); });
  }

  void add_drain() {
    auto what =
        add(app, "drain",
            "Take the switchboard out of service: no new sockets, those "
            "that are open are closed in batches; shows how far it is",
            [](session& at) { return at.drain(); });
    what->add_flag("--no-wait", given.at_once, "Do not wait until it is over");
  }

  void add_reload() {
    auto what = add(app, "reload",
                    "Read the configuration file again and say for each key "
                    "what was done",
                    [](session& at) { return at.reload(); });
    what->add_flag("--dry-run", given.dry_run,
                   "Only say what would be done; change nothing");
  }

  void add_top() {
    auto what = add(app, "top", "Show the busiest sockets",
                    [](session& at) { return at.top(); });
    add_filter(what);
    what->add_option("--limit", given.limit,
                     "The most sockets (default: 20, or what the terminal "
                     "holds)")
        ->check(CLI::PositiveNumber);
    what->add_option("--count", given.count,
                     "Tables to show (default: 1; on a terminal until it is "
                     "interrupted)")
        ->check(CLI::PositiveNumber);
    what->add_option("--interval", given.interval,
                     "Seconds from one table to the next (default: 2)")
        ->check(CLI::Range(0.1, 3600.0));
  }

  void add_tap() {
    auto what = add(app, "tap",
                    "Show what sockets do, while they do it, until it is "
                    "interrupted",
                    [](session& at) { return at.tap(); });
    add_text(what, "--socket", given.socket_id,
             "Only this socket; ends with it");
    add_filter(what);
    auto payload = what->add_flag("--payload", given.payload,
                                  "Show the contents of messages");
    what->add_option("--payload-limit", given.payload_limit,
                     "The most bytes of each message (default: 1024)")
        ->check(CLI::Range(1, 65536))
        ->needs(payload);
    what->add_option("--sample", given.sample,
                     "The fraction of messages to show (default: 1)")
        ->check(CLI::Range(0.000001, 1.0));
    what->add_option("--rate", given.rate,
                     "The most events a second (default: 100)")
        ->check(CLI::Range(1, 10000));
    what->add_option("--count", given.count,
                     "Events to show, then end (default: no end)")
        ->check(CLI::PositiveNumber);
  }

  CLI::App& app;
  arguments given;
  bool text = false;
  /// Those further in come later.
  std::vector<std::pair<CLI::App*, action>> actions;
};

commands::commands(CLI::App& to) : impl_(std::make_unique<impl>(to)) {}

commands::~commands() = default;

std::optional<int> commands::run() {
  auto& actions = impl_->actions;
  for (auto i = actions.rbegin(); i != actions.rend(); ++i)
    if (i->first->parsed()) {
      session at{impl_->given, std::cout, std::cerr};
      return i->second(at);
    }
  return std::nullopt;
}

} // namespace switchboard::service::client
