#define CAF_SUITE directory
#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "books.hpp"

using namespace switchboard;
using namespace switchboard::actors;

namespace {

struct fixture : books {
  std::vector<caf::strong_actor_ptr> handles;

  ~fixture() override {
    for (auto& handle : handles) {
      dir.remove(as_socket(handle));
      end(handle);
    }
  }

  socket& add(const std::string& config = "c", const std::string& path = "/") {
    handles.push_back(make_socket(config, path));
    dir.add(handles.back());
    return as_socket(handles.back());
  }

  std::multiset<socket*> visited(const socket_filter& filter) {
    std::multiset<socket*> result;
    auto compiled = compile(filter);
    CAF_REQUIRE(compiled);
    dir.visit(*compiled, [&](socket& who) { result.insert(&who); });
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(directory_tests, fixture)

CAF_TEST(a filter selects by configuration and path and group and type) {
  auto& a = add("one", "/chat/a");
  auto& b = add("one", "/news");
  auto& c = add("two", "/chat/b");
  dir.join(a, "x");
  dir.join(b, "x");
  dir.join(b, "y");
  dir.join(c, "x");
  using set = std::multiset<socket*>;
  auto all = socket_type_filter::all;
  CAF_CHECK((visited({"", "", all, {}}) == set{&a, &b, &c}));
  CAF_CHECK((visited({"one", "", all, {}}) == set{&a, &b}));
  CAF_CHECK((visited({"", "/chat/*", all, {}}) == set{&a, &c}));
  CAF_CHECK((visited({"", "/chat/{room}", all, {}}) == set{&a, &c}));
  CAF_CHECK((visited({"", "", socket_type_filter::outbound, {}}) == set{}));
  CAF_CHECK(
      (visited({"", "", socket_type_filter::inbound, {}}) == set{&a, &b, &c}));
  // The same name in two configurations is two groups.
  CAF_CHECK((visited({"one", "", all, {"x"}}) == set{&a, &b}));
  CAF_CHECK((visited({"", "", all, {"x"}}) == set{&a, &b, &c}));
  // A socket in several of the groups is met once.
  CAF_CHECK((visited({"one", "", all, {"x", "y", "none"}}) == set{&a, &b}));
  CAF_CHECK((visited({"one", "/news", all, {"x", "y"}}) == set{&b}));
  CAF_CHECK((visited({"three", "", all, {}}) == set{}));
}

CAF_TEST(a pattern that cannot be read is an invalid argument) {
  auto result = compile({"", "/a/*/b", socket_type_filter::all, {}});
  CAF_REQUIRE(!result);
  CAF_CHECK(code_of(result.error()) == errc::invalid_argument);
}

CAF_TEST(joining twice and leaving what was never joined change nothing) {
  auto& a = add();
  CAF_CHECK(dir.join(a, "g") == join_result::joined);
  CAF_CHECK(dir.join(a, "g") == join_result::already);
  CAF_CHECK_EQUAL(a.memberships.size(), 1u);
  CAF_CHECK(!dir.leave(a, "other"));
  CAF_CHECK(dir.leave(a, "g"));
  CAF_CHECK(!dir.leave(a, "g"));
}

CAF_TEST(an empty group vanishes from the shard and from the index) {
  for (auto i = 0; i < 1000; ++i) {
    auto& a = add();
    dir.join(a, "room-" + std::to_string(i));
    dir.remove(a);
  }
  CAF_CHECK(dir.groups("").empty());
  CAF_CHECK_EQUAL(index.size(), 0u);
}

CAF_TEST(memberships stay consistent under any order of joins and leaves) {
  std::mt19937 dice{11};
  std::map<socket*, std::set<std::string>> model;
  for (auto i = 0; i < 40; ++i)
    model[&add()];
  auto pick = [&](std::size_t n) {
    return dice() % n;
  };
  for (auto step = 0; step < 20'000; ++step) {
    auto i = pick(handles.size());
    auto& who = as_socket(handles[i]);
    auto group = std::string(1, static_cast<char>('a' + pick(12)));
    switch (pick(20)) {
      case 0: {
        dir.remove(who);
        model.erase(&who);
        end(handles[i]);
        handles.erase(handles.begin() + static_cast<std::ptrdiff_t>(i));
        model[&add()];
        break;
      }
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
      case 6:
      case 7:
      case 8:
        CAF_REQUIRE_EQUAL(dir.leave(who, group), model[&who].erase(group) > 0);
        break;
      default:
        CAF_REQUIRE_EQUAL(dir.join(who, group) == join_result::joined,
                          model[&who].insert(group).second);
    }
  }
  std::map<std::string, std::uint64_t> sizes;
  for (auto& [who, groups] : model) {
    std::set<std::string> names;
    for (auto& entry : who->memberships)
      names.insert(entry.group->name);
    CAF_CHECK(names == groups);
    for (auto& name : groups)
      ++sizes[name];
  }
  auto infos = dir.groups("c");
  CAF_CHECK_EQUAL(infos.size(), sizes.size());
  for (auto& info : infos)
    CAF_CHECK_EQUAL(info.sockets, sizes[info.name]);
  for (auto& [name, size] : sizes)
    CAF_CHECK_EQUAL(visited({"c", "", socket_type_filter::all, {name}}).size(),
                    size);
}

CAF_TEST(group keys of different configurations never collide) {
  CAF_CHECK_NOT_EQUAL(group_key("a/b", "c"), group_key("a", "b/c"));
  CAF_CHECK_NOT_EQUAL(group_key("a%2Fb", "c"), group_key("a/b", "c"));
}

CAF_TEST_FIXTURE_SCOPE_END()
