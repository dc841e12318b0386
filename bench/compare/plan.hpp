#pragma once

#include <map>
#include <string>
#include <vector>

namespace switchboard::bench {

/// Options of a scenario by name, without dashes.
using option_map = std::map<std::string, std::string>;

/// How a server is started and what it can do. In all strings but the names
/// `{port}` and `{port2}` stand for free ports, `{dir}` for a folder of the
/// server's own, `{plan}` for that of the plan, `{bin}` for that of this
/// program, `{product}` for the switchboard program, `{certificate}` for a PEM
/// file with a certificate for 127.0.0.1 and its key.
struct server_plan {
  std::string name;
  std::vector<std::string> command;
  std::map<std::string, std::string> environment;
  /// Files that are copied into `{dir}` with the names in braces replaced.
  std::vector<std::string> files;
  /// Paths without which it is left out.
  std::vector<std::string> needs;
  /// Whether it agrees to permessage-deflate.
  bool deflate = false;
  /// By scenario: where to connect and how.
  std::map<std::string, option_map> scenarios;
};

/// One row of the comparison.
struct case_plan {
  std::string name;
  std::string scenario;
  option_map options;
  /// Names of the servers that take part; empty: all that can.
  std::vector<std::string> servers;
  /// Names of servers that do not.
  std::vector<std::string> without;
};

struct comparison_plan {
  /// Folder of the file.
  std::string folder;
  /// Name of the server that the others are divided by.
  std::string baseline;
  std::vector<server_plan> servers;
  std::vector<case_plan> cases;
};

/// Reads a JSON file. Throws `wrong_usage` that names file and cause.
comparison_plan read_plan(const std::string& path);

/// Whether a server takes part in a case, its program aside.
bool takes_part(const server_plan& server, const case_plan& which);

} // namespace switchboard::bench
