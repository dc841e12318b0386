#define CAF_SUITE closed_sockets
#include <caf/test/unit_test.hpp>

#include "actors/closed_sockets.hpp"

using namespace switchboard;
using namespace switchboard::actors;

namespace {

post_mortem gone(std::string id, std::string config = "c",
                 std::string path = "/", string_list groups = {}) {
  post_mortem result;
  result.socket_id = std::move(id);
  result.config = std::move(config);
  result.relative_path = std::move(path);
  result.groups = std::move(groups);
  return result;
}

std::string ids(const closed_list& list) {
  std::string result;
  for (auto& entry : list.sockets)
    result += entry.socket_id + " ";
  return result;
}

} // namespace

CAF_TEST(an empty ring answers with nothing) {
  closed_sockets ring;
  CAF_CHECK(ring.list({}, 10, 0).sockets.empty());
  CAF_CHECK_EQUAL(ring.list({}, 10, 0).next, 0u);
  CAF_CHECK(!ring.find("a"));
}

CAF_TEST(pages go from the newest to the oldest) {
  closed_sockets ring;
  for (auto id : {"a", "b", "c", "d", "e"})
    ring.add(gone(id));
  auto first = ring.list({}, 2, 0);
  CAF_CHECK_EQUAL(ids(first), "e d ");
  auto second = ring.list({}, 2, first.next);
  CAF_CHECK_EQUAL(ids(second), "c b ");
  // What ends meanwhile does not move the pages.
  ring.add(gone("f"));
  auto third = ring.list({}, 2, second.next);
  CAF_CHECK_EQUAL(ids(third), "a ");
  CAF_CHECK_EQUAL(third.next, 0u);
  CAF_CHECK_EQUAL(ring.list({}, 6, 0).next, 0u);
}

CAF_TEST(the ring keeps the last thousand) {
  closed_sockets ring;
  for (std::size_t i = 0; i < post_mortems_kept + 7; ++i)
    ring.add(gone(std::to_string(i)));
  auto all = ring.list({}, post_mortems_kept, 0);
  CAF_CHECK_EQUAL(all.sockets.size(), post_mortems_kept);
  CAF_CHECK_EQUAL(all.sockets.front().socket_id, "1006");
  CAF_CHECK_EQUAL(all.sockets.back().socket_id, "7");
  for (std::size_t i = 1; i < all.sockets.size(); ++i)
    CAF_REQUIRE_EQUAL(all.sockets[i].serial + 1, all.sockets[i - 1].serial);
  CAF_CHECK(!ring.find("6"));
  CAF_CHECK(ring.find("7").has_value());
}

CAF_TEST(the last with an id is found) {
  closed_sockets ring;
  ring.add(gone("a", "first"));
  ring.add(gone("b"));
  ring.add(gone("a", "second"));
  auto found = ring.find("a");
  CAF_REQUIRE(found);
  CAF_CHECK_EQUAL(found->config, "second");
}

CAF_TEST(filters hold) {
  closed_sockets ring;
  ring.add(gone("a", "x", "/one", {"g", "h"}));
  ring.add(gone("b", "y", "/two", {"h"}));
  auto outbound = gone("c", "x", "/one/more");
  outbound.type = socket_type::outbound;
  ring.add(std::move(outbound));
  auto find = [&](const socket_filter& what) {
    return ids(ring.list(*compile(what), 10, 0));
  };
  CAF_CHECK_EQUAL(find({"x", {}, socket_type_filter::all, {}}), "c a ");
  CAF_CHECK_EQUAL(find({{}, {}, socket_type_filter::inbound, {}}), "b a ");
  CAF_CHECK_EQUAL(find({{}, {}, socket_type_filter::outbound, {}}), "c ");
  CAF_CHECK_EQUAL(find({{}, "/one/*", socket_type_filter::all, {}}), "c a ");
  CAF_CHECK_EQUAL(find({{}, "/one", socket_type_filter::all, {}}), "a ");
  CAF_CHECK_EQUAL(find({{}, {}, socket_type_filter::all, {"g", "z"}}), "a ");
  CAF_CHECK_EQUAL(find({"y", {}, socket_type_filter::all, {"g"}}), "");
}
