#define CAF_SUITE routes
#include <caf/test/unit_test.hpp>

#include <string>
#include <vector>

#include "actors/routes.hpp"

using namespace switchboard;
using namespace switchboard::actors;

namespace {

config_routes_ptr make(const std::string& config, const std::string& base,
                       const std::vector<std::string>& listeners,
                       const std::vector<std::string>& closings = {}) {
  auto result = std::make_shared<config_routes>();
  result->config = config;
  result->listener = "main";
  result->base_path = base;
  auto add = [&](source_kind kind, const std::string& path) {
    auto pattern = path_pattern::parse(path);
    CAF_REQUIRE(pattern.has_value());
    auto what = std::make_shared<subscription>(
        subscription{std::move(*pattern), {}, {}, 1});
    CAF_REQUIRE(!add_subscription(*result, kind, std::move(what)));
  };
  for (auto& path : listeners)
    add(source_kind::inbound_listener, path);
  for (auto& path : closings)
    add(source_kind::on_socket_closed, path);
  return result;
}

} // namespace

CAF_TEST(the longest base path with a matching source wins) {
  route_table table;
  table.install(make("root", "/", {"/*", "/chat/special"}));
  table.install(make("chat", "/chat", {"/{room}"}, {"/*"}));
  struct row {
    const char* path;
    const char* config;
    const char* pattern;
    const char* relative;
  };
  std::vector<row> rows{
      {"/", "root", "/*", "/"},
      {"/x/y", "root", "/*", "/x/y"},
      {"/chat/a", "chat", "/{room}", "/a"},
      {"/chat/special", "chat", "/{room}", "/special"},
      // Below the base path but no source there matches.
      {"/chat/a/b", "root", "/*", "/chat/a/b"},
      {"/chat", "root", "/*", "/chat"},
      // Not a whole segment.
      {"/chatter/a", "root", "/*", "/chatter/a"},
  };
  for (auto& row : rows) {
    CAF_MESSAGE(row.path);
    std::string relative;
    path_params params;
    auto found = table.find("main", row.path, relative, params);
    CAF_REQUIRE(found.has_value());
    CAF_CHECK_EQUAL(found->config->config, row.config);
    CAF_CHECK_EQUAL(found->messages->pattern.text(), row.pattern);
    CAF_CHECK_EQUAL(relative, row.relative);
  }
  std::string relative;
  path_params params;
  CAF_CHECK(!table.find("other", "/x", relative, params));
  auto found = table.find("main", "/chat/a%20b", relative, params);
  CAF_REQUIRE_EQUAL(params.size(), 1u);
  CAF_CHECK_EQUAL(params[0].first, "room");
  CAF_CHECK_EQUAL(params[0].second, "a b");
  CAF_CHECK(found->closings != nullptr);
  CAF_CHECK(found->connections == nullptr);
}

CAF_TEST(a newer set of sources replaces the older one whole) {
  route_table table;
  table.install(make("c", "/", {"/old"}));
  table.install(make("c", "/", {"/new"}));
  std::string relative;
  path_params params;
  CAF_CHECK(!table.find("main", "/old", relative, params));
  CAF_CHECK(table.find("main", "/new", relative, params).has_value());
}

CAF_TEST(where frames may be dropped no context is shared) {
  for (auto policy :
       {slow_consumer_policy::close, slow_consumer_policy::drop_newest,
        slow_consumer_policy::drop_oldest}) {
    server_options options;
    options.slow_consumer = policy;
    CAF_CHECK_EQUAL(
        connection_options_of(options).compression.server_no_context_takeover,
        policy != slow_consumer_policy::close);
  }
}
