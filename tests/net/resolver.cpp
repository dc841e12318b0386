#define CAF_SUITE resolver
#include <caf/test/unit_test.hpp>

#include <chrono>
#include <cstring>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/error.hpp>

#include <dlfcn.h>
#include <netdb.h>

#include "net/resolver.hpp"

using namespace switchboard::net;

namespace {

constexpr const char* slow_name = "slow.invalid";

/// Keeps look-ups of `slow_name` until it is opened.
struct gate {
  std::mutex mutex;
  std::promise<void> entered;
  std::promise<void> opened;
  std::shared_future<void> open{opened.get_future()};
};

std::shared_ptr<gate> slow;

} // namespace

// In place of the system's, which has no name that is looked up for long.
extern "C" int getaddrinfo(const char* name, const char* service,
                           const addrinfo* hints, addrinfo** found) {
  if (name != nullptr && std::strcmp(name, slow_name) == 0) {
    auto at = slow;
    at->entered.set_value();
    at->open.wait();
    return EAI_NONAME;
  }
  using function = decltype(&::getaddrinfo);
  static const auto original =
      reinterpret_cast<function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return original(name, service, hints, found);
}

namespace {

struct fixture {
  using answer = std::pair<std::size_t, boost::system::error_code>;

  std::future<answer> ask(resolver& names, const std::string& host) {
    auto told = std::make_shared<std::promise<answer>>();
    auto result = told->get_future();
    names.resolve(host, 80,
                  [told](std::vector<endpoint> found,
                         const boost::system::error_code& error) {
                    told->set_value({found.size(), error});
                  });
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(resolver_tests, fixture)

CAF_TEST(names and addresses are looked up) {
  resolver names;
  auto local = ask(names, "localhost").get();
  CAF_CHECK_GREATER_OR_EQUAL(local.first, 1u);
  CAF_CHECK(!local.second);
  auto numeric = ask(names, "127.0.0.1").get();
  CAF_CHECK_EQUAL(numeric.first, 1u);
}

CAF_TEST(an end does not wait for the system) {
  slow = std::make_shared<gate>();
  auto entered = slow->entered.get_future();
  std::future<answer> under_way;
  std::vector<std::future<answer>> waiting;
  {
    resolver names{1};
    under_way = ask(names, slow_name);
    entered.wait();
    waiting.push_back(ask(names, "localhost"));
    waiting.push_back(ask(names, "127.0.0.1"));
  }
  auto aborted =
      boost::system::error_code{boost::asio::error::operation_aborted};
  CAF_CHECK_EQUAL(under_way.get().second, aborted);
  for (auto& each : waiting)
    CAF_CHECK_EQUAL(each.get().second, aborted);
  slow->opened.set_value();
}

CAF_TEST(a thread that is slow leaves the others their names) {
  slow = std::make_shared<gate>();
  auto entered = slow->entered.get_future();
  resolver names{2};
  auto under_way = ask(names, slow_name);
  entered.wait();
  for (int i = 0; i < 10; ++i)
    CAF_CHECK(!ask(names, "127.0.0.1").get().second);
  slow->opened.set_value();
  auto host_not_found =
      boost::system::error_code{boost::asio::error::host_not_found};
  CAF_CHECK_EQUAL(under_way.get().second, host_not_found);
}

CAF_TEST_FIXTURE_SCOPE_END()
