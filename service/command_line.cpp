#include "service/command_line.hpp"

#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "service/check.hpp"
#include "service/client/commands.hpp"
#include "service/exit_code.hpp"
#include "service/run.hpp"

namespace switchboard::service {

namespace {

int dispatch(int argc, const char* const* argv) {
  CLI::App app{"Accepts WebSockets, groups them, and lets other software send, "
               "broadcast and close through it.",
               "switchboard"};
  app.require_subcommand(1);
  std::string file;
  auto run = app.add_subcommand(
      "run", "Serve until SIGTERM or SIGINT; without FILE the built-in "
             "demonstration, a chat on http://127.0.0.1:8080/");
  auto run_file = run->add_option("FILE", file, "Configuration file (TOML)");
  auto check = app.add_subcommand(
      "check", "Name everything that is wrong with a configuration file");
  check->add_option("FILE", file, "Configuration file (TOML)")->required();
  auto version = app.add_subcommand("version", "Print the version");
  client::commands client{app};
  app.footer("Exit codes: 0 done, 1 failed while running, 2 wrong usage or "
             "configuration, 3 a listener cannot be bound or a peer not be "
             "reached, with fails_deployment.");
  app.set_version_flag("--version", "switchboard " SWITCHBOARD_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    // CLI11 only says that a subcommand is missing.
    if (auto words = app.remaining(); app.get_subcommands().empty()
                                      && !words.empty()
                                      && !words.front().starts_with('-')) {
      std::cerr << "there is no subcommand " << words.front()
                << "\nRun with --help for more information.\n";
      return exit_usage;
    }
    return app.exit(failure) == 0 ? exit_done : exit_usage;
  }
  if (version->parsed()) {
    std::cout << "switchboard " SWITCHBOARD_VERSION "\n";
    return exit_done;
  }
  if (check->parsed())
    return run_check(file);
  if (auto code = client.run())
    return *code;
  if (run_file->count() > 0)
    return run_service(std::filesystem::path{file});
  return run_service(std::nullopt);
}

} // namespace

int run_command_line(int argc, const char* const* argv) {
  try {
    return dispatch(argc, argv);
  } catch (const std::exception& failure) {
    std::cerr << "switchboard: " << failure.what() << '\n';
    return exit_failed;
  }
}

} // namespace switchboard::service
