#define CAF_SUITE net.http_client

#include <caf/test/unit_test.hpp>

#include <future>

#include "net/http_client.hpp"
#include "net/http_signature.hpp"
#include "tests/net/dial_rig.hpp"

using namespace switchboard::net;
using namespace switchboard::net::test;
using namespace std::literals;

namespace {

std::shared_ptr<http_route> make_route() {
  auto result = std::make_shared<http_route>();
  result->dialing = std::make_shared<dial_options>();
  return result;
}

struct fixture {
  http_call call(std::uint16_t port, std::string method = "POST") const {
    http_call result;
    result.route = route;
    result.target = {false, "127.0.0.1", port, "/x"};
    result.method = std::move(method);
    result.idempotent = is_idempotent(result.method);
    result.body = std::make_shared<const std::string>("body");
    result.timeout = 20s;
    return result;
  }

  std::future<http_outcome> ask(http_call what) {
    auto promise = std::make_shared<std::promise<http_outcome>>();
    auto result = promise->get_future();
    client.ask(std::move(what), [promise](http_outcome&& outcome) {
      promise->set_value(std::move(outcome));
    });
    return result;
  }

  /// The status and body of an answer; `!` and the text of a failure.
  std::string outcome(std::future<http_outcome> of) {
    auto what = of.get();
    if (auto answer = std::get_if<http_response>(&what))
      return std::to_string(answer->status) + " " + answer->body;
    kind = std::get<http_failure>(what).what;
    return "!" + std::get<http_failure>(what).text;
  }

  std::string outcome(http_call what) {
    return outcome(ask(std::move(what)));
  }

  std::shared_ptr<http_route> route = make_route();
  std::optional<http_client> held{std::in_place};
  http_client& client = *held;
  http_failure::kind kind{};
};

constexpr auto small_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(http_client_tests, fixture)

CAF_TEST(a request is written and its answer read in any pieces) {
  std::promise<std::string> head;
  scripted_peer peer{1, [&](script_socket& connection, int) {
                       head.set_value(connection.read_head());
                       connection.write_bytewise(
                           "HTTP/1.1 201 Made\r\nTransfer-Encoding: "
                           "chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n");
                       connection.wait_for_end();
                     }};
  auto what = call(peer.port());
  what.headers = {{"x-one", "1"}};
  auto port = std::to_string(peer.port());
  CAF_CHECK_EQUAL(outcome(std::move(what)), "201 abcd");
  CAF_CHECK_EQUAL(head.get_future().get(),
                  "POST /x HTTP/1.1\r\nhost: 127.0.0.1:" + port
                      + "\r\nx-one: 1\r\ncontent-length: 4\r\n\r\n");
  // The connection is idle; the peer's script ends with it.
  held.reset();
}

CAF_TEST(a kept connection that was ended is replaced) {
  scripted_peer peer{2, [&](script_socket& connection, int) {
                       connection.read_head();
                       connection.write(small_answer);
                       connection.close();
                     }};
  CAF_CHECK_EQUAL(outcome(call(peer.port())), "200 ok");
  CAF_CHECK_EQUAL(outcome(call(peer.port())), "200 ok");
  CAF_CHECK_EQUAL(peer.accepted(), 2);
}

CAF_TEST(what a kept connection loses is asked again only where it may be) {
  auto script = [](script_socket& connection, int number) {
    connection.read_head();
    connection.write(small_answer);
    if (number > 0)
      return;
    connection.read_head();
    connection.reset();
  };
  {
    scripted_peer peer{2, script};
    auto get = [&] {
      auto what = call(peer.port(), "GET");
      what.body = nullptr;
      return what;
    };
    CAF_CHECK_EQUAL(outcome(get()), "200 ok");
    CAF_CHECK_EQUAL(outcome(get()), "200 ok");
    CAF_CHECK_EQUAL(peer.accepted(), 2);
  }
  scripted_peer peer{1, [&](script_socket& connection, int number) {
                       script(connection, number);
                     }};
  auto post = [&] {
    auto what = call(peer.port());
    what.body = nullptr;
    return what;
  };
  CAF_CHECK_EQUAL(outcome(post()), "200 ok");
  CAF_CHECK(outcome(post()).starts_with("!"));
  CAF_CHECK(kind == http_failure::kind::lost);
}

CAF_TEST(a time that is over ends a request wherever it is) {
  scripted_peer peer{1, [&](script_socket& connection, int) {
                       connection.read_head();
                       connection.wait_for_end();
                     }};
  route->max_connections = 1;
  auto first = call(peer.port());
  first.timeout = 1500ms;
  auto second = call(peer.port());
  second.timeout = 500ms;
  auto asked = ask(std::move(first));
  auto text = outcome(std::move(second));
  CAF_CHECK(has(text, "within 500 ms"));
  text = outcome(std::move(asked));
  CAF_CHECK(has(text, "did not answer within 1500 ms"));
  CAF_CHECK(kind == http_failure::kind::timed_out);
}

CAF_TEST(a queue is bounded) {
  std::promise<void> go;
  auto gone = go.get_future().share();
  scripted_peer peer{1, [&, gone](script_socket& connection, int) {
                       for (auto i = 0; i < 3; ++i) {
                         connection.read_head();
                         if (i == 0)
                           gone.wait();
                         connection.write(small_answer);
                       }
                       connection.wait_for_end();
                     }};
  route->max_connections = 1;
  route->queue_limit = 2;
  std::vector<std::future<http_outcome>> taken;
  auto next = [&] {
    auto what = call(peer.port());
    what.body = nullptr;
    return ask(std::move(what));
  };
  taken.push_back(next());
  // One for the dial, two for the queue.
  taken.push_back(next());
  taken.push_back(next());
  std::string text;
  while (!has(text, "is full")) {
    taken.push_back(next());
    if (taken.back().wait_for(5s) == std::future_status::ready) {
      text = outcome(std::move(taken.back()));
      taken.pop_back();
    }
  }
  CAF_CHECK(kind == http_failure::kind::unreachable);
  CAF_CHECK_EQUAL(taken.size(), 3u);
  go.set_value();
  for (auto& one : taken)
    CAF_CHECK_EQUAL(outcome(std::move(one)), "200 ok");
  held.reset();
}

CAF_TEST(requests under way fail when the client ends or has to hurry) {
  scripted_peer peer{2, [&](script_socket& connection, int) {
                       connection.read_head();
                       connection.wait_for_end();
                     }};
  auto hurried = ask(call(peer.port()));
  client.end_within(50ms);
  CAF_CHECK(outcome(std::move(hurried)).starts_with("!"));
  std::future<http_outcome> dropped;
  {
    http_client other;
    auto promise = std::make_shared<std::promise<http_outcome>>();
    dropped = promise->get_future();
    other.ask(call(peer.port()), [promise](http_outcome&& outcome) {
      promise->set_value(std::move(outcome));
    });
  }
  CAF_CHECK(has(outcome(std::move(dropped)), "being shut down"));
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(urls are read) {
  std::string problem;
  auto read = [&](const std::string& url) {
    auto what = read_http_url(url, problem);
    return what ? (what->secure ? "s " : "") + what->host + " "
                      + std::to_string(what->port) + " " + what->request_uri
                : "!" + problem;
  };
  CAF_CHECK_EQUAL(read("http://h"), "h 80 /");
  CAF_CHECK_EQUAL(read("HTTPS://h?a=b"), "s h 443 /?a=b");
  CAF_CHECK_EQUAL(read("http://[::1]:8080/a%20b?c#d"), "::1 8080 /a%20b?c");
  CAF_CHECK(read("http://u:p@h/").find("credentials") != std::string::npos);
  CAF_CHECK(read("http://h/\r\nx: y").starts_with("!"));
  CAF_CHECK(read("http://h\r\n/").starts_with("!"));
  CAF_CHECK(read("ws://h/").starts_with("!"));
  CAF_CHECK(read("http://h:70000/").starts_with("!"));
  CAF_CHECK(read("http:///x").starts_with("!"));
}

CAF_TEST(a signature covers time and id and body) {
  // printf 1.id.body | openssl dgst -sha256 -hmac Jefe
  CAF_CHECK_EQUAL(
      sign("Jefe", 1, "id", "body"),
      "t=1,v1="
      "5f6b9c8e004a31caa3527db97f9141d88e1f5db50c0cac174b9547ace6f42304");
}
