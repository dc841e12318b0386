#define CAF_SUITE call_batch
#include <caf/test/unit_test.hpp>

#include <array>
#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "net/connection.hpp"

using namespace switchboard;
using namespace switchboard::net;

namespace {

/// One of many connections of a loop; the test holds the far end.
struct member final : connection_observer {
  loop* home = nullptr;
  std::unique_ptr<connection> aut;
  unique_fd peer;
  std::vector<std::string> messages;
  std::vector<send_token> written;
  std::vector<send_token> dropped;
  int ends = 0;
  bool credit = true;
  std::function<void()> when_message = [] {
  };
  std::function<void()> when_written = [] {
  };

  bool on_message(opcode, std::span<const std::byte> content) override {
    messages.emplace_back(reinterpret_cast<const char*>(content.data()),
                          content.size());
    when_message();
    return credit;
  }

  void on_written(send_token token) override {
    written.push_back(token);
    when_written();
  }

  void on_dropped(send_token token, drop_cause, std::string_view) override {
    dropped.push_back(token);
  }

  void on_end(connection_end&&) override {
    ++ends;
    home->dispose(std::move(aut));
  }

  void peer_sends(const std::string& body) {
    mask_key key{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
    auto frame = outgoing_frame::copy(
        opcode::text, std::as_bytes(std::span{body}), false, &key);
    auto bytes = frame->leading();
    CAF_REQUIRE_EQUAL(::send(peer.get(), bytes.data(), bytes.size(), 0),
                      static_cast<ssize_t>(bytes.size()));
  }

  std::string received() {
    std::array<char, 4096> buffer;
    auto n = ::recv(peer.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }

  void send(const std::string& text, send_token token) {
    CAF_CHECK(aut->send(opcode::text, std::as_bytes(std::span{text}), token)
              == connection::send_result::queued);
  }
};

/// Several connections on a loop that is turned once at a time.
struct board final : turn_hook {
  loop home;
  connection_options options;
  std::vector<std::unique_ptr<member>> members;

  board(io_method how, std::size_t count) : home(how) {
    for (std::size_t i = 0; i < count; ++i) {
      int ends[2];
      CAF_REQUIRE_EQUAL(
          ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
      auto& next = *members.emplace_back(std::make_unique<member>());
      next.home = &home;
      next.peer = unique_fd{ends[1]};
      next.aut = std::make_unique<connection>(
          home, make_plain_wire(unique_fd{ends[0]}),
          std::make_shared<const connection_options>(options), std::nullopt);
      next.aut->start(next, {}, false);
    }
  }

  ~board() {
    for (auto& each : members)
      each->aut.reset();
  }

  member& operator[](std::size_t i) {
    return *members[i];
  }

  bool on_turn() override {
    return false;
  }

  bool on_flushed() override {
    home.stop();
    return false;
  }

  /// What is ready is handled in one turn.
  void turn() {
    home.wake();
    home.run(*this);
  }
};

/// A frame of a server around a short text.
std::string frame_of(const std::string& text) {
  return std::string{'\x81', static_cast<char>(text.size())} + text;
}

/// The methods that this machine allows.
std::vector<io_method> methods() {
  std::vector<io_method> result{io_method::epoll};
  loop best{io_method::automatic};
  if (best.method() == io_method::io_uring)
    result.push_back(io_method::io_uring);
  else
    CAF_MESSAGE("the kernel refuses io_uring: only epoll is tested");
  return result;
}

/// Makes `io_uring_setup` fail for the calling thread.
void forbid_io_uring(int error) {
  std::array<sock_filter, 4> program{
      {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
       BPF_STMT(BPF_RET | BPF_K,
                SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  sock_fprog filter{program.size(), program.data()};
  CAF_REQUIRE_EQUAL(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  CAF_REQUIRE_EQUAL(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

} // namespace

CAF_TEST(messages of every size come and go on many connections) {
  for (auto how : methods()) {
    board all{how, 70};
    for (std::size_t size : {1, 20, 4082, 4088, 4089, 5000, 20000, 60000}) {
      for (std::size_t i = 0; i < all.members.size(); ++i)
        all[i].peer_sends(std::string(size, static_cast<char>('0' + i)));
      for (auto i = 0; i < 3; ++i)
        all.turn();
      for (std::size_t i = 0; i < all.members.size(); ++i) {
        CAF_REQUIRE_EQUAL(all[i].messages.size(), 1u);
        CAF_CHECK(all[i].messages[0]
                  == std::string(size, static_cast<char>('0' + i)));
        all[i].messages.clear();
        all[i].send("a" + std::to_string(i), 7);
        all[i].send("b" + std::to_string(i), 8);
      }
      all.turn();
      for (std::size_t i = 0; i < all.members.size(); ++i) {
        CAF_CHECK((all[i].written == std::vector<send_token>{7, 8}));
        all[i].written.clear();
        CAF_CHECK_EQUAL(all[i].received(),
                        frame_of("a" + std::to_string(i))
                            + frame_of("b" + std::to_string(i)));
      }
    }
  }
}

CAF_TEST(a connection paused by another of the same turn loses nothing) {
  for (auto how : methods()) {
    board all{how, 8};
    for (auto& each : all.members)
      each->when_message = [&] {
        // The first of the turn takes everybody's credit.
        for (auto& other : all.members)
          other->credit = false;
      };
    for (auto& each : all.members) {
      each->peer_sends("one");
      each->peer_sends("two");
    }
    all.turn();
    for (auto& each : all.members)
      CAF_CHECK_EQUAL(each->messages.size(), 1u);
    for (auto& each : all.members) {
      each->when_message = [] {
      };
      each->credit = true;
      each->aut->resume();
    }
    all.turn();
    for (auto& each : all.members)
      CAF_CHECK((each->messages == std::vector<std::string>{"one", "two"}));
  }
}

CAF_TEST(a connection ended by another of the same turn hears nothing more) {
  for (auto how : methods()) {
    board all{how, 8};
    std::size_t heard = 0;
    for (auto& each : all.members)
      each->when_message = [&] {
        ++heard;
        for (auto& other : all.members)
          if (other->aut)
            other->aut->abort("enough");
      };
    for (auto& each : all.members)
      each->peer_sends("one");
    all.turn();
    CAF_CHECK_EQUAL(heard, 1u);
    for (auto& each : all.members)
      CAF_CHECK_EQUAL(each->ends, 1);
  }
}

CAF_TEST(each token is told once whatever the others of the turn do) {
  for (auto how : methods()) {
    board all{how, 8};
    for (send_token i = 0; i < all.members.size(); ++i)
      all[i].send("text", i + 1);
    all[0].when_written = [&] {
      all[1].aut->abort("enough");
      all[2].aut->close(close_code{1000}, "");
      all[3].send("more", 9);
    };
    all.turn();
    all.turn();
    for (send_token i = 0; i < all.members.size(); ++i) {
      auto told = all[i].written;
      told.insert(told.end(), all[i].dropped.begin(), all[i].dropped.end());
      CAF_CHECK((told
                 == (i == 3 ? std::vector<send_token>{4, 9}
                            : std::vector<send_token>{i + 1})));
    }
    CAF_CHECK_EQUAL(all[3].received(), frame_of("text") + frame_of("more"));
    CAF_CHECK_EQUAL(all[2].received().substr(0, 6), frame_of("text"));
  }
}

CAF_TEST(a peer that is gone ends its connection and no other) {
  for (auto how : methods()) {
    board all{how, 8};
    all[2].peer.reset();
    all[5].peer.reset();
    for (auto& each : all.members)
      each->send("text", 1);
    all.turn();
    all.turn();
    for (std::size_t i = 0; i < all.members.size(); ++i)
      CAF_CHECK_EQUAL(all[i].ends, i == 2 || i == 5 ? 1 : 0);
    CAF_CHECK_EQUAL(all[6].received(), frame_of("text"));
  }
}

CAF_TEST(where the kernel refuses io_uring only who insists fails) {
  for (auto error : {ENOSYS, EPERM}) {
    std::string said;
    auto method = io_method::automatic;
    std::thread{[&] {
      forbid_io_uring(error);
      method = loop{io_method::automatic}.method();
      try {
        loop insisting{io_method::io_uring};
      } catch (const std::system_error& failure) {
        said = failure.what();
      }
    }}.join();
    CAF_CHECK(method == io_method::epoll);
    CAF_CHECK_EQUAL(said, "the kernel refuses io_uring: "
                              + std::system_category().message(error));
  }
}
