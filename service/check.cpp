#include "service/check.hpp"

#include <algorithm>
#include <iostream>
#include <tuple>
#include <utility>

#include "net/authenticator.hpp"
#include "net/tls_context.hpp"
#include "service/exit_code.hpp"

namespace switchboard::service {

namespace {

auto place_of(const source_place& at) {
  return std::make_tuple(at.line, at.column);
}

/// Whether the stores can be read and something is left to speak: what the
/// file's reader cannot know.
/// @param code null where the flows are wrong.
void check_tls(const config::document& read, const flows::program* code,
               std::vector<config::diagnostic>& out) {
  auto& options = read.switchboard;
  for (auto& context : options.tls) {
    auto serves = read.admin.tls == context.name
                  || std::any_of(options.listeners.begin(),
                                 options.listeners.end(), [&](auto& listener) {
                                   return listener.tls == context.name;
                                 });
    auto dials = std::any_of(
        options.websockets.begin(), options.websockets.end(), [&](auto& what) {
          return what.client && what.client->tls == context.name;
        });
    if (code != nullptr)
      dials |=
          std::any_of(code->backends.begin(), code->backends.end(),
                      [&](auto& what) { return what->tls == context.name; });
    auto usable_by = [&](net::role self) {
      std::string problem;
      if (net::tls_context::make(self, context, problem))
        return true;
      out.push_back({context.at, "tls." + context.name, problem});
      return false;
    };
    if ((!serves || usable_by(net::role::server)) && (dials || !serves))
      usable_by(net::role::client);
  }
}

/// Whether keys and passwords can be read.
void check_authentication(const config::document& read,
                          std::vector<config::diagnostic>& out) {
  for (auto& listener : read.switchboard.listeners) {
    std::string problem;
    if (listener.authentication
        && !net::authenticator::make(*listener.authentication, problem))
      out.push_back({listener.at,
                     "http_listener." + listener.name + ".authentication",
                     problem});
  }
}

/// The key of the template that begins at a place.
std::string key_at(const std::vector<config::text>& templates,
                   const source_place& at) {
  auto i = std::find_if(templates.begin(), templates.end(),
                        [&](auto& what) { return what.at == at; });
  return i != templates.end() ? i->key : "flow";
}

} // namespace

checked_configuration check(config::load_result read) {
  checked_configuration result;
  auto compiled = flows::compile(read.value.flows);
  auto known = read.diagnostics.size();
  result.diagnostics = std::move(read.diagnostics);
  if (known == 0) {
    check_tls(read.value, compiled.value.get(), result.diagnostics);
    check_authentication(read.value, result.diagnostics);
  }
  for (auto& wrong : compiled.diagnostics) {
    auto end = result.diagnostics.begin() + static_cast<std::ptrdiff_t>(known);
    // One mistake is one line, whoever found it first: what is wrong outside
    // of expressions the reader has told, if it told anything.
    auto told =
        (known > 0 && !wrong.in_expression)
        || (wrong.at.line != 0
            && std::any_of(result.diagnostics.begin(), end, [&](auto& x) {
                 return place_of(x.at) == place_of(wrong.at);
               }));
    if (!told)
      result.diagnostics.push_back(
          {wrong.at, key_at(read.templates, wrong.at), wrong.message});
  }
  std::stable_sort(
      result.diagnostics.begin(), result.diagnostics.end(),
      [](auto& x, auto& y) { return place_of(x.at) < place_of(y.at); });
  result.value = std::move(read.value);
  result.keys = std::move(read.keys);
  if (result.diagnostics.empty())
    result.program = std::move(compiled.value);
  return result;
}

void print(std::ostream& to, const std::vector<config::diagnostic>& what,
           std::string_view file) {
  for (auto& wrong : what)
    to << config::render(wrong, file) << '\n';
}

int run_check(const std::filesystem::path& file) {
  auto result = check(config::load_file(file));
  if (!result.diagnostics.empty()) {
    print(std::cerr, result.diagnostics, file.string());
    return exit_usage;
  }
  auto& read = result.value;
  std::cout << file.string() << ": OK, " << read.switchboard.listeners.size()
            << " listeners, " << read.switchboard.websockets.size()
            << " configurations, " << read.flows.size() << " flows\n";
  return exit_done;
}

} // namespace switchboard::service
