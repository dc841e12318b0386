#define CAF_SUITE happy_eyeballs
#include <caf/test/unit_test.hpp>

#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/happy_eyeballs.hpp"

using namespace switchboard::net;
using namespace std::chrono_literals;

namespace {

endpoint v4(std::uint16_t port, const char* address = "127.0.0.1") {
  endpoint result;
  auto& to = reinterpret_cast<sockaddr_in&>(result.address);
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &to.sin_addr);
  result.size = sizeof to;
  return result;
}

endpoint v6(std::uint16_t port) {
  endpoint result;
  auto& to = reinterpret_cast<sockaddr_in6&>(result.address);
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(port);
  to.sin6_addr = in6addr_loopback;
  result.size = sizeof to;
  return result;
}

/// Listens on a free port of 127.0.0.1.
struct listening {
  explicit listening(int backlog = 8)
      : fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    auto where = v4(0);
    ::bind(fd.get(), reinterpret_cast<sockaddr*>(&where.address), where.size);
    ::listen(fd.get(), backlog);
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    port = ntohs(bound.sin_port);
  }

  unique_fd fd;
  std::uint16_t port = 0;
};

/// A listener whose queue is full, so that a further connection gets no
/// answer at all.
struct deaf : listening {
  deaf() : listening(0) {
    for (auto i = 0; i < 4; ++i) {
      unique_fd filler{
          ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
      auto to = v4(port);
      ::connect(filler.get(), reinterpret_cast<sockaddr*>(&to.address),
                to.size);
      fillers.push_back(std::move(filler));
    }
  }

  std::vector<unique_fd> fillers;
};

struct rig final : private turn_hook {
  /// @returns the peer's address, or the problem behind a `!`.
  std::string connect(std::vector<endpoint> addresses) {
    auto began = clock::now();
    happy_eyeballs eyes{home, std::move(addresses)};
    std::string result;
    eyes.start([&](unique_fd fd, std::string problem) {
      took = clock::now() - began;
      if (fd) {
        sockaddr_storage far{};
        socklen_t size = sizeof far;
        ::getpeername(fd.get(), reinterpret_cast<sockaddr*>(&far), &size);
        endpoint where;
        where.address = far;
        result = to_text(where);
      } else {
        result = "!" + problem;
      }
      home.stop();
    });
    home.run(*this);
    return result;
  }

  loop home;
  clock::duration took{};

private:
  bool on_turn() override {
    return false;
  }

  bool on_flushed() override {
    return false;
  }
};

} // namespace

CAF_TEST(families take turns and the first one begins) {
  auto mixed = interleave_families({v6(1), v6(2), v6(3), v4(4), v4(5)});
  std::vector<std::string> texts;
  for (auto& entry : mixed)
    texts.push_back(to_text(entry));
  std::vector<std::string> expected{"[::1]:1", "127.0.0.1:4", "[::1]:2",
                                    "127.0.0.1:5", "[::1]:3"};
  CAF_CHECK(texts == expected);
  CAF_CHECK(interleave_families({}).empty());
}

CAF_TEST(an address that refuses is passed over at once) {
  listening here;
  std::uint16_t nobody;
  {
    listening gone;
    nobody = gone.port;
  }
  rig aut;
  auto addresses = interleave_families(
      {v6(nobody), v6(nobody), v6(nobody), v4(nobody), v4(nobody), v4(nobody)});
  addresses.push_back(v4(here.port));
  CAF_CHECK_EQUAL(aut.connect(addresses),
                  "127.0.0.1:" + std::to_string(here.port));
  // Half of what they would take that say nothing.
  CAF_CHECK(aut.took < 750ms);
}

CAF_TEST(an address that says nothing is overtaken after a quarter second) {
  deaf silent;
  listening here;
  rig aut;
  CAF_CHECK_EQUAL(aut.connect({v4(silent.port), v4(here.port)}),
                  "127.0.0.1:" + std::to_string(here.port));
  CAF_CHECK(aut.took >= 250ms);
}

CAF_TEST(when all fail each address tells its cause) {
  std::uint16_t nobody;
  {
    listening gone;
    nobody = gone.port;
  }
  rig aut;
  auto result = aut.connect({v6(nobody), v4(nobody)});
  auto port = std::to_string(nobody);
  CAF_CHECK(result.find("[::1]:" + port) != std::string::npos);
  CAF_CHECK(result.find("127.0.0.1:" + port + ": Connection refused")
            != std::string::npos);
  CAF_CHECK_EQUAL(aut.connect({}), "!");
}

CAF_TEST(attempts may be given up) {
  deaf silent;
  rig aut;
  happy_eyeballs eyes{aut.home, {v4(silent.port)}};
  eyes.start([](unique_fd, std::string) { CAF_FAIL("nobody was to be told"); });
}
