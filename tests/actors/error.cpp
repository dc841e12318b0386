#define CAF_SUITE error
#include <caf/test/unit_test.hpp>

#include <set>
#include <string>

#include <caf/all.hpp>

#include <switchboard/error.hpp>

using namespace switchboard;

CAF_TEST(every error has a name and a status of its kind) {
  std::set<std::string> names;
  for (auto i = 1; i <= static_cast<int>(errc::custom); ++i) {
    auto code = static_cast<errc>(i);
    names.insert(std::string{name_of(code)});
    CAF_CHECK(http_status_of(code) >= 400);
    CAF_CHECK(http_status_of(code) < 600);
  }
  CAF_CHECK_EQUAL(names.size(), static_cast<std::size_t>(errc::custom));
  CAF_CHECK_EQUAL(names.count("SWITCHBOARD:UNKNOWN"), 0u);
}

CAF_TEST(errors keep their words) {
  auto ours = describe(make_error(errc::no_such_socket, "no socket 7"));
  CAF_CHECK_EQUAL(ours.type, "WEBSOCKET:NO_SUCH_SOCKET");
  CAF_CHECK_EQUAL(ours.message, "no socket 7");
  auto raised = describe(make_custom_error("APP:WRONG", "too blue"));
  CAF_CHECK_EQUAL(raised.type, "APP:WRONG");
  CAF_CHECK_EQUAL(raised.message, "too blue");
  auto late = describe(caf::make_error(caf::sec::request_timeout));
  CAF_CHECK_EQUAL(late.type, "SWITCHBOARD:TIMEOUT");
  auto dead = describe(caf::make_error(caf::sec::request_receiver_down));
  CAF_CHECK_EQUAL(dead.type, "WEBSOCKET:CONNECTIVITY");
  CAF_CHECK_EQUAL(describe(caf::error{}).type, "");
}

CAF_TEST(an actor system renders them) {
  caf::actor_system_config cfg;
  cfg.add_error_category(error_category, render_error);
  caf::actor_system system{cfg};
  CAF_CHECK_EQUAL(system.render(make_error(errc::timeout, "after 5s")),
                  "SWITCHBOARD:TIMEOUT: after 5s");
}
