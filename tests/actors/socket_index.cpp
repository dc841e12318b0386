#define CAF_SUITE socket_index
#include "actors/socket_index.hpp"

#include <caf/test/unit_test.hpp>

#include "books.hpp"

using namespace switchboard::actors;

CAF_TEST_FIXTURE_SCOPE(socket_index_tests, books)

CAF_TEST(a socket is found by its id until it is removed) {
  socket_index sockets;
  auto first = make_socket();
  auto second = make_socket();
  sockets.add(first);
  sockets.add(second);
  CAF_CHECK(sockets.find("socket-1") == first);
  CAF_CHECK(sockets.find("socket-2") == second);
  sockets.remove("socket-1");
  CAF_CHECK(sockets.find("socket-1") == nullptr);
  CAF_CHECK(sockets.find("socket-2") == second);
  end(first);
  end(second);
}

CAF_TEST(an id that nobody has is neither found nor removed) {
  socket_index sockets;
  CAF_CHECK(sockets.find("socket-1") == nullptr);
  sockets.remove("socket-1");
  CAF_CHECK(sockets.find("") == nullptr);
}

CAF_TEST_FIXTURE_SCOPE_END()
