#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "service/client/exchange.hpp"

namespace switchboard::service::client {

/// What the command line of a subcommand says, whichever it is; what it does
/// not take stays empty.
struct arguments {
  // How the API is reached.
  std::string admin;
  std::string token_file;
  std::string trusted;
  bool json = false;

  // The parameters of the operations.
  std::string config;
  std::string path;
  std::string type;
  std::vector<std::string> groups;
  std::string socket_id;
  std::string code;
  std::string reason;
  bool binary = false;
  /// As it was given: the content itself, `@FILE` or `-`.
  std::string content;
  std::string url;
  /// `NAME: VALUE`
  std::vector<std::string> headers;
  /// `NAME=VALUE`
  std::vector<std::string> query_params;
  std::vector<std::string> uri_params;
  /// A JSON object.
  std::string reconnection;
  std::string send_queue_limit;
  std::string slow_consumer;

  // Beyond them.
  /// Of listed sockets, at most; 0: all.
  std::size_t limit = 0;
  /// Close every socket.
  bool all = false;
  /// Only say what a reload would do.
  bool dry_run = false;
  /// Do not wait until a drain is over.
  bool at_once = false;
  /// Tables to show; 0: one, or without an end on a terminal. Events of a tap;
  /// 0: without an end.
  std::size_t count = 0;
  /// From one table to the next, in seconds.
  double interval = 2;
  /// Of a tap: whether contents are shown, and how much of each; 0: what the
  /// API shows.
  bool payload = false;
  std::size_t payload_limit = 0;
  /// The fraction of messages, and events a second; 0: as the API has it.
  double sample = 0;
  std::size_t rate = 0;
};

/// The most bytes of a message, as the API has it.
inline constexpr std::size_t most_content = 16 * 1024 * 1024;

/// Puts together how the API is reached: the token comes from the
/// environment's SWITCHBOARD_TOKEN or a file, never from the command line,
/// which every user of the machine can see.
/// @param problem set to what is wrong where the answer is false.
bool make_access(const arguments& from, access& out, std::string& problem);

/// Reads the content: of the argument itself, of a file (`@FILE`) or of
/// standard input (`-`).
/// @param problem set to what is wrong where the answer is false.
bool read_content(std::string_view given, std::string& out,
                  std::string& problem);

/// The body that asks to open an outbound socket.
/// @param problem set to what is wrong where the answer is false.
bool make_opening(const arguments& from, std::string& out,
                  std::string& problem);

} // namespace switchboard::service::client
