#include "tests/service/fake_registry.hpp"

namespace switchboard::service::test {

namespace {

caf::error check(const std::string& socket_id) {
  if (socket_id == "a")
    return caf::none;
  if (socket_id == "lost")
    return make_error(errc::connectivity, "socket lost: the peer is gone");
  return make_error(errc::no_such_socket, "no socket has the id " + socket_id);
}

registry_actor::behavior_type
fake_registry(registry_actor::pointer,
              const std::shared_ptr<question_book>& book) {
  auto answer = [](const std::string& id) -> caf::result<void> {
    if (auto failure = check(id))
      return failure;
    return caf::unit;
  };
  return {
      [=](const send_request& what) -> caf::result<void> {
        book->add(what);
        return answer(what.socket_id);
      },
      [=](const broadcast_request& what) -> caf::result<broadcast_result> {
        book->add(what);
        if (what.to.config == "unknown")
          return make_error(errc::invalid_argument, "no configuration unknown");
        auto failure = broadcast_failure{"lost",
                                         socket_type::inbound,
                                         "/chat",
                                         "WEBSOCKET:CONNECTIVITY",
                                         "the peer is gone",
                                         make_error(errc::connectivity)};
        return broadcast_result{2, {failure}};
      },
      [=](const close_request& what) -> caf::result<void> {
        book->add(what);
        return answer(what.socket_id);
      },
      [=](const bulk_close_request& what) -> caf::result<bulk_close_result> {
        book->add(what);
        return bulk_close_result{3};
      },
      [=](const subscribe_groups_request& what) -> caf::result<void> {
        book->add(what);
        return answer(what.socket_id);
      },
      [=](const unsubscribe_groups_request& what) -> caf::result<void> {
        book->add(what);
        return answer(what.socket_id);
      },
      [=](const get_socket_request& what) -> caf::result<socket_info> {
        book->add(what);
        if (auto failure = check(what.socket_id))
          return failure;
        return example_socket();
      },
      [=](const list_sockets_request& what) -> caf::result<socket_list> {
        book->add(what);
        return socket_list{{example_socket()}, what.after.empty() ? "a" : ""};
      },
      [=](const list_closed_request& what) -> caf::result<closed_list> {
        book->add(what);
        return closed_list{{example_post_mortem()},
                           what.before == 0 ? std::uint64_t{7} : 0};
      },
      [=](const get_closed_request& what) -> caf::result<post_mortem> {
        book->add(what);
        if (auto failure = check(what.socket_id))
          return failure;
        return example_post_mortem();
      },
      [=](const list_groups_request& what) -> caf::result<group_list> {
        book->add(what);
        return group_list{{{"main", "x", 1}}};
      },
      [=](const list_configs_request& what) -> caf::result<config_list> {
        book->add(what);
        config_info info;
        info.name = "main";
        info.listener = "web";
        info.base_path = "/";
        info.listening = true;
        info.address = "127.0.0.1:8080";
        return config_list{{info}};
      },
      [=](const subscribe_source_request&) -> caf::result<void> {
        return make_error(errc::invalid_argument, "no sources here");
      },
      [=](const update_sources_request&) -> caf::result<void> {
        return make_error(errc::invalid_argument, "no sources here");
      },
      [=](const open_outbound_socket_request& what)
          -> caf::result<std::string> {
        book->add(what);
        if (what.socket_id == "a")
          return make_error(errc::non_unique_socket_id, "a is in use");
        if (what.socket_id == "lost")
          return make_error(errc::forbidden, "the peer answered 403");
        return what.socket_id.empty() ? "made up" : what.socket_id;
      },
      [=](const renew_token_request& what) -> caf::result<void> {
        book->add(what);
        if (what.token == "sesame")
          return make_error(errc::invalid_argument, "the token has expired");
        return answer(what.socket_id);
      },
      [=](const tap_request& what) -> caf::result<void> {
        // A target knows the registry, which has the book.
        auto noted = what;
        noted.target = nullptr;
        book->add(noted);
        if (what.which.config == "full")
          return make_error(errc::too_many_requests, "there are 16 taps");
        if (!what.socket_id.empty() && what.socket_id != "a")
          return check("unknown");
        if (what.which.config == "late")
          book->await_release();
        if (what.which.config == "quiet" || what.which.config == "late")
          return caf::unit;
        auto target = caf::actor_cast<caf::actor>(what.target);
        caf::anon_send(target, example_tap_events(what.payload_limit));
        caf::anon_send(target, tap_end{"that was all"});
        return caf::unit;
      },
  };
}

} // namespace

socket_info example_socket() {
  handshake_fields known;
  known.socket_id = "a";
  known.config = "main";
  known.relative_path = "/chat/one";
  known.request_uri = "/chat/one?q=1&q=2&r=%FF";
  known.headers = {{"host", "example.org"},
                   {"authorization", "Basic c2VjcmV0"},
                   {"cookie", "session=secret"},
                   {"proxy-authorization", "Basic c2VjcmV0"},
                   {"x-trace", "1"},
                   {"x-trace", "2"}};
  known.uri_params = {{"room", "one"}};
  known.local_address = "127.0.0.1:8080";
  known.remote_address = "127.0.0.1:50000";
  known.connected_at =
      caf::timestamp{std::chrono::milliseconds{1'767'225'600'123}};
  socket_info result;
  result.attributes.handshake = make_handshake(known);
  result.attributes.groups =
      std::make_shared<const string_list>(string_list{"x", "y"});
  result.counters.messages_received = 7;
  return result;
}

tap_events example_tap_events(std::size_t payload_limit) {
  tap_events result;
  tap_event event;
  event.time = caf::timestamp{std::chrono::seconds{1'767'225'600}};
  event.attributes = example_socket().attributes;
  event.kind = tap_event_kind::opened;
  result.events.push_back(event);
  event.kind = tap_event_kind::message;
  event.size = 5;
  event.payload = std::string{"hello"}.substr(0, payload_limit);
  result.events.push_back(event);
  event.kind = tap_event_kind::sent;
  event.binary = true;
  result.events.push_back(event);
  event.kind = tap_event_kind::closed;
  event.outcome = example_post_mortem().outcome;
  result.events.push_back(event);
  result.left_out.not_sampled = 7;
  return result;
}

post_mortem example_post_mortem() {
  post_mortem result;
  result.serial = 7;
  result.socket_id = "a";
  result.config = "main";
  result.path = "/chat/one";
  result.scheme = "WS";
  result.groups = {"x"};
  result.opened_at = caf::timestamp{std::chrono::seconds{1'767'225'600}};
  result.closed_at = result.opened_at + std::chrono::seconds{1};
  result.outcome = {close_codes::endpoint_going_down, "idle timeout", true,
                    closed_by::timeout};
  result.counters.messages_sent = 3;
  result.counters.peak_queued_bytes = 11;
  return result;
}

registry_actor spawn_fake_registry(caf::actor_system& system,
                                   std::shared_ptr<question_book> book) {
  auto init = [book = std::move(book)](registry_actor::pointer self) {
    return fake_registry(self, book);
  };
  return system.spawn(init);
}

test_settings::test_settings() {
  configure(*this);
  set("scheduler.max-threads", std::size_t{2});
}

api_fixture::api_fixture()
    : system(settings), book(std::make_shared<question_book>()) {
  registry = spawn_fake_registry(system, book);
  serve({});
}

api_fixture::~api_fixture() {
  server.reset();
  caf::anon_send_exit(registry, caf::exit_reason::user_shutdown);
}

void api_fixture::serve(std::vector<std::string> tokens, api::limits bounds) {
  server.reset();
  admin_options options;
  options.port = 0;
  options.tokens = std::move(tokens);
  api::backend served;
  served.registry = registry;
  served.not_ready = [this] {
    return not_ready;
  };
  served.drain = [this] {
    ++drains;
  };
  served.drain_stage = [this] {
    return std::string_view{drains > 0 ? "draining" : "none"};
  };
  served.flows = [] {
    boost::json::object flow;
    flow["name"] = "one";
    return boost::json::array{flow};
  };
  served.reload = [](bool dry_run, auto done) {
    done(reload_outcome{reload_outcome::status::done, dry_run, {}, {}, {}});
  };
  served.levels = [this] {
    return levels;
  };
  served.change_levels = [this](const log_level_changes& what) {
    return levels = apply(what, levels);
  };
  served.metrics = [] {
    return std::string{"up 1\n"};
  };
  auto started =
      api::server::start(system, options, std::move(served), {}, bounds);
  if (!started)
    throw std::runtime_error{"the API did not start"};
  server = std::move(*started);
}

} // namespace switchboard::service::test
