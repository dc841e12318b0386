#include <boost/json.hpp>

#include "service/api/json.hpp"
#include "service/api/problem.hpp"
#include "service/api/routes.hpp"
#include "service/text.hpp"

namespace switchboard::service::api {

namespace {

answer render(const reload_outcome& what) {
  boost::json::array changes;
  for (auto& change : what.changes) {
    boost::json::object entry;
    entry["key"] = to_valid_utf8(config::to_string(change.key));
    entry["change"] = config::name_of(change.kind);
    entry["effect"] = config::name_of(change.effect);
    entry["note"] = change.note;
    changes.push_back(std::move(entry));
  }
  boost::json::object body;
  body["dry_run"] = what.dry_run;
  body["changes"] = std::move(changes);
  body["needs_restart"] = what.needs_restart();
  return json_answer(200, body);
}

/// A problem that names every mistake of the file.
answer wrong_file(const reload_outcome& what) {
  auto result = problem(errc::invalid_argument, what.problem);
  auto body = boost::json::parse(result.body);
  boost::json::array list;
  for (auto& wrong : what.diagnostics) {
    boost::json::object entry;
    entry["line"] = wrong.at.line;
    entry["column"] = wrong.at.column;
    entry["key"] = to_valid_utf8(wrong.key);
    entry["message"] = to_valid_utf8(wrong.message);
    list.push_back(std::move(entry));
  }
  body.as_object()["diagnostics"] = std::move(list);
  result.body = boost::json::serialize(body) + "\n";
  return result;
}

answer answer_of(const reload_outcome& what) {
  switch (what.what) {
    case reload_outcome::status::wrong_file:
      return wrong_file(what);
    case reload_outcome::status::refused:
      return problem(409, what.problem);
    case reload_outcome::status::failed:
      return problem(errc::connectivity, what.problem);
    default:
      return render(what);
  }
}

outcome reload(const request& from, const backend& served) {
  auto flag = from.parameter("dry_run");
  auto dry_run = flag != nullptr && *flag != "false";
  return question{[reload = served.reload,
                   dry_run](bridge_actor::pointer, const registry_actor&,
                            const answer_function& done) {
    reload(dry_run,
           [done](const reload_outcome& what) { done(answer_of(what)); });
  }};
}

} // namespace

std::vector<route> reload_routes() {
  return {
      {"POST",
       "/v1/reload",
       "reload",
       "Read the configuration file again",
       "Says for each key that differs what was done. What can change without "
       "cutting a socket is applied, the rest is named. A wrong file changes "
       "nothing, and its mistakes come back as `diagnostics`.",
       {},
       {{"dry_run", value_kind::flag,
         "Only say what would be done; change nothing."}},
       body_kind::none,
       {{200, "What was done, or would be.", "Reload"},
        {409, "Not while the switchboard is drained, and not without a file.",
         "Problem"}},
       false,
       reload},
  };
}

} // namespace switchboard::service::api
