#pragma once

#include <optional>
#include <ostream>
#include <string>

#include <boost/json.hpp>

#include "service/client/arguments.hpp"
#include "service/client/exchange.hpp"

namespace switchboard::service::client {

/// Runs one subcommand: asks the API and prints what it answers.
class session {
public:
  /// @param out for results.
  /// @param err for complaints.
  session(const arguments& given, std::ostream& out, std::ostream& err)
      : given_(given), out_(out), err_(err) {}

  // Each runs a subcommand and gives its exit code.
  int list_sockets();
  int show_socket();
  int send();
  int broadcast();
  int close_socket();
  int close_many();
  int open();
  int list_groups();
  int subscribe();
  int unsubscribe();
  int drain();
  int reload();
  int top();
  int tap();

private:
  /// Finds out how the API is reached.
  bool prepare();
  // Complain and give the exit code.
  int wrong_usage(const std::string& problem);
  int failed(const std::string& problem);

  /// @returns the answer's body, an object, empty for 204; `nullopt` where it
  ///          failed, which is told.
  std::optional<boost::json::object> ask(const http_question& what);
  int refused(const http_answer& answer);
  /// Every socket that the filter lets through, page by page.
  /// @param limit the most; 0: all.
  /// @param next where a further page would begin; null where there is none.
  /// @returns `nullopt` where it failed, which is told.
  std::optional<boost::json::array> fetch_sockets(std::size_t limit,
                                                  boost::json::value& next);
  int wrong_file(const http_answer& answer, const boost::json::object& problem);
  int change_groups(std::string_view method);
  int done(const boost::json::object& body, std::string_view words);

  const arguments& given_;
  std::ostream& out_;
  std::ostream& err_;
  access how_;
};

} // namespace switchboard::service::client
