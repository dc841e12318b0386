#define CAF_SUITE tls_wire
#include <caf/test/unit_test.hpp>

#include <cstring>
#include <string>
#include <vector>

#include <malloc.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "net/tls_error.hpp"
#include "net/tls_wire.hpp"
#include "tls_peer.hpp"

using namespace switchboard;
using namespace switchboard::net;
using namespace tls_peer;

using progress = handshaking_wire::progress;
using status = wire_result::status;

namespace {

std::string pattern(std::size_t size, unsigned seed = 1) {
  std::string result(size, '\0');
  for (auto& c : result) {
    seed = seed * 1664525 + 1013904223;
    c = static_cast<char>(seed >> 24);
  }
  return result;
}

/// A client's wire of ours and OpenSSL's server, hands shaken.
struct fixture {
  scratch_folder folder;
  identity authority = issue({.subject = "root", .authority = true});
  identity server = issue({.names = "DNS:localhost", .issuer = &authority});
  peer other{server};
  std::shared_ptr<tls_context> context;
  std::unique_ptr<handshaking_wire> aut;
  std::vector<std::byte> buffer = std::vector<std::byte>(64 * 1024);

  fixture() {
    tls_options options;
    options.trust_store.path =
        folder.write("trust.pem", authority.certificate_pem());
    std::string problem;
    context = tls_context::make(role::client, options, problem);
    CAF_REQUIRE_EQUAL(problem, "");
  }

  void open(int send_buffer = 0) {
    auto ends = connect_pair();
    if (send_buffer > 0) {
      ::setsockopt(ends.ours.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer,
                   sizeof send_buffer);
      ::setsockopt(ends.theirs.get(), SOL_SOCKET, SO_RCVBUF, &send_buffer,
                   sizeof send_buffer);
    }
    aut = make_client_wire(context)(std::move(ends.ours), "localhost");
    other.attach(std::move(ends.theirs));
    auto outcome = shake_hands(*aut, other);
    CAF_REQUIRE_EQUAL(outcome.problem, "");
    CAF_REQUIRE(outcome.what == progress::done);
    other.records = 0;
  }

  wire_result read() {
    return aut->read(buffer);
  }

  /// Reads as the loop does: only when the socket says so.
  std::string read_when_ready(std::size_t size) {
    std::string result;
    until([&] {
      if (readable(aut->fd())) {
        auto got = read();
        if (got.what == status::ok)
          result.append(reinterpret_cast<char*>(buffer.data()), got.bytes);
        else if (got.what != status::would_block)
          return true;
      }
      return result.size() >= size;
    });
    return result;
  }

  wire_result write(std::vector<std::string_view> pieces) {
    std::vector<iovec> vectors;
    for (auto piece : pieces)
      vectors.push_back({const_cast<char*>(piece.data()), piece.size()});
    return aut->write(vectors);
  }

  std::string peer_reads(std::size_t size) {
    std::string result;
    until([&] {
      result += other.read();
      return result.size() >= size;
    });
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tls_wire_tests, fixture)

CAF_TEST(bytes pass in both directions) {
  open();
  CAF_CHECK(aut->secure());
  CAF_CHECK(read().what == status::would_block);
  auto sent = write({"hello ", "peer"});
  CAF_CHECK(sent.what == status::ok);
  CAF_CHECK_EQUAL(sent.bytes, 10u);
  CAF_CHECK_EQUAL(peer_reads(10), "hello peer");
  other.write("hello back");
  CAF_CHECK_EQUAL(read_when_ready(10), "hello back");
}

CAF_TEST(what the peer sends behind its handshake is told by readiness) {
  auto ends = connect_pair();
  aut = make_client_wire(context)(std::move(ends.ours), "localhost");
  other.attach(std::move(ends.theirs));
  std::string problem;
  // The peer's last flight and its first words arrive together.
  until([&] {
    aut->handshake(problem);
    return other.shake();
  });
  other.write("early");
  until([&] { return aut->handshake(problem) == progress::done; });
  CAF_CHECK_EQUAL(problem, "");
  CAF_CHECK_EQUAL(read_when_ready(5), "early");
}

CAF_TEST(readiness of the socket tells of every byte) {
  open();
  for (std::size_t record : {1, 100, 5000, 16384}) {
    auto text = pattern(record < 100 ? 3000 : 300'000, 7);
    std::string seen;
    std::size_t sent = 0;
    CAF_CHECK(until([&] {
      while (sent < text.size()) {
        auto n = other.write(std::string_view{text}.substr(
            sent, std::min(record, text.size() - sent)));
        sent += n;
        if (n == 0)
          break;
      }
      while (readable(aut->fd())) {
        auto got = read();
        if (got.what != status::ok)
          break;
        seen.append(reinterpret_cast<char*>(buffer.data()), got.bytes);
      }
      return seen.size() >= text.size();
    }));
    CAF_CHECK(seen == text);
  }
}

// All has arrived before the first read: nothing makes the socket readable
// again for what a read has left in the wire.
CAF_TEST(the smallest ample buffer leaves nothing in the wire) {
  open();
  buffer.resize(wire::ample);
  for (std::size_t size = 10'000; size < 60'000; size += 1'009) {
    auto text = pattern(size);
    CAF_REQUIRE_EQUAL(other.write(text), size);
    CAF_REQUIRE(until([&] {
      int arrived = 0;
      ::ioctl(aut->fd(), FIONREAD, &arrived);
      return arrived >= static_cast<int>(size);
    }));
    auto seen = read_when_ready(size);
    CAF_REQUIRE(seen == text);
  }
}

CAF_TEST(small pieces share records) {
  open();
  std::string piece(100, 'x');
  auto sent = write(std::vector<std::string_view>(64, piece));
  CAF_CHECK_EQUAL(sent.bytes, 6400u);
  CAF_CHECK_EQUAL(peer_reads(6400), std::string(6400, 'x'));
  CAF_CHECK_EQUAL(other.records, 1u);
}

CAF_TEST(a large piece between small ones is cut into full records) {
  open();
  auto large = pattern(100'000);
  auto all = "begin" + large + "end";
  std::string seen;
  std::size_t done = 0;
  CAF_CHECK(until([&] {
    if (done < all.size()) {
      auto offset = done;
      std::vector<std::string_view> pieces;
      for (std::string_view piece :
           {std::string_view{"begin"}, std::string_view{large},
            std::string_view{"end"}}) {
        auto skip = std::min(offset, piece.size());
        offset -= skip;
        pieces.push_back(piece.substr(skip));
      }
      done += write(pieces).bytes;
    }
    seen += other.read();
    return seen.size() >= all.size();
  }));
  CAF_CHECK(seen == all);
  CAF_CHECK_EQUAL(other.records, 7u);
}

CAF_TEST(a full socket is told and what is held need not be offered alike) {
  open(32 * 1024);
  auto text = pattern(600'000, 3);
  std::size_t done = 0;
  std::string seen;
  std::size_t blocked = 0;
  std::size_t held = 0;
  auto seed = 0u;
  auto is_full = false;
  CAF_CHECK(until([&] {
    if (done < text.size()) {
      // Only what is held stays; the rest is other bytes each time.
      for (auto i = done + held; i < text.size(); i += 97)
        text[i] = static_cast<char>(++seed);
      auto result = write({std::string_view{text}.substr(done, 40'000),
                           std::string_view{text}.substr(
                               std::min(done + 40'000, text.size()))});
      is_full = result.what == status::would_block;
      if (is_full)
        ++blocked;
      else
        CAF_REQUIRE(result.what == status::ok);
      done += result.bytes;
      held = result.held;
      CAF_REQUIRE(held <= 16 * 1024);
    }
    // The peer is slow: it reads only once nothing more goes.
    if (is_full || done == text.size())
      seen += other.read();
    return seen.size() >= text.size();
  }));
  CAF_CHECK(blocked > 0);
  CAF_CHECK(seen == text);
}

CAF_TEST(what is reported as written has left the process) {
  open(32 * 1024);
  auto text = pattern(2'000'000, 5);
  std::size_t done = 0;
  wire_result result;
  do {
    result = write({std::string_view{text}.substr(done)});
    done += result.bytes;
  } while (result.what == status::ok);
  CAF_CHECK(result.what == status::would_block);
  CAF_CHECK(result.held > 0);
  // Tickets that nobody has read would make the end a reset.
  while (readable(aut->fd()))
    read();
  aut.reset();
  auto seen = peer_reads(done);
  CAF_CHECK(seen == text.substr(0, done));
}

CAF_TEST(a key update of the peer passes while our record is under way) {
  open(32 * 1024);
  auto text = pattern(500'000, 9);
  std::size_t done = 0;
  wire_result result;
  do {
    result = write({std::string_view{text}.substr(done)});
    done += result.bytes;
  } while (result.what == status::ok);
  CAF_REQUIRE(result.held > 0);
  CAF_REQUIRE_EQUAL(SSL_key_update(other.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
  other.write("behind the update");
  CAF_CHECK_EQUAL(read_when_ready(17), "behind the update");
  std::string seen;
  CAF_CHECK(until([&] {
    if (done < text.size())
      done += write({std::string_view{text}.substr(done)}).bytes;
    seen += other.read();
    return seen.size() >= text.size();
  }));
  CAF_CHECK(seen == text);
}

CAF_TEST(a close_notify is the end and nothing is missing) {
  open();
  SSL_shutdown(other.ssl());
  CAF_REQUIRE(until([&] { return readable(aut->fd()); }));
  wire_result got;
  until([&] {
    got = read();
    return got.what != status::would_block;
  });
  CAF_CHECK(got.what == status::end);
  CAF_CHECK(!got.error);
}

CAF_TEST(an end behind bytes is told though TCP stays open) {
  open();
  other.write("last words");
  SSL_shutdown(other.ssl());
  CAF_CHECK_EQUAL(read_when_ready(10), "last words");
  CAF_REQUIRE(until([&] { return readable(aut->fd()); }));
  auto got = read();
  CAF_CHECK(got.what == status::end);
}

CAF_TEST(an end of TCP without close_notify is told apart) {
  open();
  other.write("cut");
  other.detach();
  CAF_CHECK_EQUAL(read_when_ready(3), "cut");
  wire_result got;
  until([&] {
    got = read();
    return got.what != status::would_block;
  });
  CAF_CHECK(got.what == status::end);
  CAF_CHECK_EQUAL(got.error, tls_truncated());
}

CAF_TEST(ending the output tells the peer by close_notify) {
  open();
  write({"bye"});
  aut->shutdown_write();
  CAF_CHECK_EQUAL(peer_reads(3), "bye");
  CAF_CHECK(until([&] { return other.read().empty() && other.ended(); }));
  // The other direction is still open.
  other.write("answer");
  CAF_CHECK_EQUAL(read_when_ready(6), "answer");
}

CAF_TEST(a wire that goes away says goodbye) {
  open();
  aut.reset();
  CAF_CHECK(until([&] { return other.read().empty() && other.ended(); }));
}

CAF_TEST(bytes that are no record end the connection) {
  open();
  auto garbage = pattern(500);
  CAF_REQUIRE_EQUAL(::send(other.fd(), garbage.data(), garbage.size(), 0), 500);
  wire_result got;
  until([&] {
    got = read();
    return got.what != status::would_block;
  });
  CAF_CHECK(got.what == status::failed);
  CAF_CHECK(got.error);
  CAF_CHECK(write({"more"}).what == status::failed);
}

CAF_TEST(a record with a wrong tag behind good bytes is found) {
  open();
  other.write("good");
  std::string forged{"\x17\x03\x03\x00\x20", 5};
  forged += pattern(32);
  ::send(other.fd(), forged.data(), forged.size(), 0);
  CAF_CHECK_EQUAL(read_when_ready(4), "good");
  CAF_REQUIRE(until([&] { return readable(aut->fd()); }));
  auto got = read();
  CAF_CHECK(got.what == status::failed);
}

CAF_TEST(a reset is a failure and writing into it raises no signal) {
  open();
  linger hard{1, 0};
  ::setsockopt(other.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  other.detach();
  wire_result result;
  CAF_CHECK(until([&] {
    result = write({"into the void"});
    return result.what == status::failed;
  }));
  CAF_CHECK(result.error);
}

CAF_TEST(an idle wire keeps no buffers) {
  constexpr std::size_t count = 100;
  std::vector<std::unique_ptr<handshaking_wire>> wires;
  std::vector<std::unique_ptr<peer>> peers;
  auto talk = [&](bool busy) {
    for (std::size_t i = 0; i < wires.size(); ++i) {
      iovec piece{const_cast<char*>("ping"), 4};
      wires[i]->write({&piece, 1});
      peers[i]->write("pong");
      if (!busy)
        continue;
      until([&] { return wires[i]->read(buffer).what == status::ok; });
    }
  };
  for (std::size_t i = 0; i < count; ++i) {
    auto ends = connect_pair();
    auto made = make_client_wire(context)(std::move(ends.ours), "localhost");
    auto far = std::make_unique<peer>(server);
    far->attach(std::move(ends.theirs));
    CAF_REQUIRE(shake_hands(*made, *far).what == progress::done);
    wires.push_back(std::move(made));
    peers.push_back(std::move(far));
  }
  talk(true);
  ::malloc_trim(0);
  auto with = ::mallinfo2().uordblks;
  wires.clear();
  auto without = ::mallinfo2().uordblks;
  auto each = (with - without) / count;
  CAF_MESSAGE("bytes of an idle wire: " << each);
  // Buffers of one record each way would be 33 KiB alone.
  CAF_CHECK(each < 20 * 1024);
}

CAF_TEST_FIXTURE_SCOPE_END()
