#include "bench/load/catalogue.hpp"

#include <utility>

#include "bench/load/api.hpp"
#include "bench/load/compression.hpp"
#include "bench/load/connect.hpp"
#include "bench/load/dialects.hpp"
#include "bench/load/echo.hpp"
#include "bench/load/failure.hpp"
#include "bench/load/fanout.hpp"

namespace switchboard::bench {

const char* const scenario_help =
    R"(  echo       every connection sends messages and gets each back
               --connections 100  --in-flight 1 (of each connection)
               --rate 0 (messages a second over all; 0: as fast as they return)
  fanout     one connection of each group publishes, all of the group get it
               --subscribers 1000  --groups 1  --window 1 (messages that the
               slowest subscriber may lack)  --rate 0 (messages a second)
               {group} in the URL stands for the group's number
               --publish-url URL where publishers connect elsewhere
  connect    handshakes: opened and reset
               --at-once 32
  churn      opened, one echo, closing handshake
               --at-once 32
  api        the management API sends to sockets that listen
               --api http://HOST:PORT  --call send (or broadcast)
               --subscribers 100  --http-connections 8
  idle       memory of an idle socket
               --pid PID  --connections 5000  --base 500

  --size 20        bytes of a message
  --subprotocol NAME
  --dialect plain  or mqtt, nats, socket.io within the WebSocket messages
  --deflate off    or offer (permessage-deflate agreed on, messages are sent
                   uncompressed) or compressed
  --takeover       leaves context takeover to the server
  --resume         with a wss:// URL: handshakes resume the last TLS session
)";

namespace {

std::string with_group(std::string url, std::size_t group) {
  constexpr std::string_view placeholder = "{group}";
  auto at = url.find(placeholder);
  if (at != std::string::npos)
    url.replace(at, placeholder.size(), std::to_string(group));
  return url;
}

/// Options that all scenarios share, and the wires they make.
struct common {
  explicit common(arguments& given)
      : url(given.needed("url")),
        size(given.number("size", 20)),
        dialect_name(given.text("dialect", "plain")),
        deflate(given.text("deflate", "off")),
        takeover(given.flag("takeover")),
        subprotocol(given.text("subprotocol", "")),
        resumes(given.flag("resume")) {
    if (resumes && !url.starts_with("wss://"))
      throw wrong_usage{"--resume needs a wss:// URL"};
    if (deflate != "off" && deflate != "offer" && deflate != "compressed")
      throw wrong_usage{"--deflate is off, offer or compressed"};
  }

  wire make(const std::string& to, const std::string& room, bool sends) const {
    auto what = make_talk(dialect_name, room, size);
    if (!subprotocol.empty())
      what.speech.subprotocol = subprotocol;
    if (deflate != "off") {
      what.expected.compressed = true;
      what.speech.extensions = "permessage-deflate";
      if (!takeover)
        what.speech.extensions +=
            "; server_no_context_takeover; client_no_context_takeover";
    }
    wire result{parse_url(to), what.speech, what.expected, resumes};
    auto compress = deflate == "compressed";
    if (sends)
      result.train.emplace(compress ? deflated(what.sent) : what.sent,
                           what.speech.op, compress);
    result.payload = std::move(what.returned);
    return result;
  }

  std::string url;
  std::size_t size;
  std::string dialect_name;
  std::string deflate;
  bool takeover;
  std::string subprotocol;
  bool resumes;
};

std::unique_ptr<scenario> make_fanout(const common& all, arguments& given) {
  fanout_options options;
  options.subscribers = given.number("subscribers", options.subscribers);
  options.groups = given.number("groups", options.groups);
  options.window = given.number("window", options.window);
  options.rate = given.real("rate", 0);
  auto publish_url = given.text("publish-url", all.url);
  options.own_publishers = given.has("publish-url");
  if (options.subscribers == 0 || options.window == 0)
    throw wrong_usage{"--subscribers and --window are at least 1"};
  auto make = [&](std::size_t group, bool publishes) {
    auto own = publishes && options.own_publishers;
    auto result = all.make(with_group(own ? publish_url : all.url, group),
                           "bench-" + std::to_string(group), publishes);
    result.expected.anything = own;
    return result;
  };
  return std::make_unique<fanout>(make, options);
}

std::unique_ptr<scenario> make_api(const common& all, arguments& given) {
  api_options options;
  options.api = parse_url(given.needed("api"));
  options.subscribers = given.number("subscribers", options.subscribers);
  options.connections = given.number("http-connections", options.connections);
  auto call = given.text("call", "send");
  if (call != "send" && call != "broadcast")
    throw wrong_usage{"--call is send or broadcast"};
  options.broadcasts = call == "broadcast";
  return std::make_unique<api>(all.make(all.url, "", false), options);
}

} // namespace

std::unique_ptr<scenario> make_scenario(const std::string& name,
                                        arguments& given) {
  common all{given};
  if (name == "echo") {
    echo_options options;
    options.connections = given.number("connections", options.connections);
    options.in_flight = given.number("in-flight", options.in_flight);
    options.rate = given.real("rate", 0);
    if (options.connections == 0 || options.in_flight == 0)
      throw wrong_usage{"--connections and --in-flight are at least 1"};
    return std::make_unique<echo>(all.make(all.url, "", true), options);
  }
  if (name == "fanout")
    return make_fanout(all, given);
  if (name == "api")
    return make_api(all, given);
  if (name == "connect" || name == "churn") {
    using enum coming_and_going::life;
    auto churns = name == "churn";
    return std::make_unique<coming_and_going>(
        all.make(all.url, "", churns), churns ? echo_and_close : handshake,
        given.number("at-once", 32));
  }
  throw wrong_usage{"unknown scenario " + name};
}

const char* unit_of(const std::string& scenario) {
  if (scenario == "echo")
    return "echoes";
  if (scenario == "connect" || scenario == "churn")
    return "connections";
  return "deliveries";
}

idle_result run_idle(arguments& given) {
  common all{given};
  idle_options options;
  options.base = given.number("base", options.base);
  options.connections = given.number("connections", options.connections);
  options.server = static_cast<pid_t>(given.number("pid", 0));
  if (options.server == 0)
    throw wrong_usage{"--pid is missing"};
  return measure_idle(all.make(all.url, "", false), options);
}

} // namespace switchboard::bench
