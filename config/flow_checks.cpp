#include <algorithm>
#include <map>
#include <unordered_map>

#include "config/checks.hpp"
#include "config/pattern_overlap.hpp"

namespace switchboard::config {

namespace {

bool is_socket_source(flow_source source) {
  return source == flow_source::inbound_listener
         || source == flow_source::on_inbound_connection
         || source == flow_source::on_socket_closed
         || source == flow_source::outbound_listener;
}

/// What a configuration needs to be good for something.
enum class half : std::uint8_t { any, server, client };

half half_for(flow_source source) {
  switch (source) {
    case flow_source::inbound_listener:
    case flow_source::on_inbound_connection:
      return half::server;
    case flow_source::outbound_listener:
      return half::client;
    default:
      return half::any;
  }
}

std::string table_of(half what) {
  switch (what) {
    case half::server:
      return "[websocket.NAME.server]";
    case half::client:
      return "[websocket.NAME.client]";
    default:
      return "[websocket.NAME]";
  }
}

std::string line(source_place at) {
  return "line " + std::to_string(at.line);
}

class flow_checker {
public:
  flow_checker(reading& shared, draft& read) : shared_(shared), read_(read) {
    for (auto& websocket : read.value.switchboard.websockets)
      configs_.push_back(websocket.name);

    for (std::size_t i = 0; i < read.flows.size(); ++i)
      if (auto& name = read.flows[i].name;
          name && index_.emplace(name->value, i).second) {
        // A suggestion must not tell what a variable holds.
        if (!name->secret)
          names_.push_back(name->value);
      }
  }

  void run() {
    check_names();
    for (std::size_t i = 0; i < read_.flows.size(); ++i) {
      check_config(i);
      check_step_configs(read_.flows[i]);
      check_openings(i);
      check_socketless_steps(read_.flows[i]);
    }
    check_patterns();
    check_listener_strategies();
    check_connections();
    // A flow whose name is wrong may be the one that is meant.
    auto all_named =
        std::all_of(read_.flows.begin(), read_.flows.end(),
                    [](const flow_draft& notes) { return notes.name; });
    for (auto& notes : read_.flows)
      check_refs(notes, all_named);
    check_cycles();
  }

private:
  flow_options& options(std::size_t i) {
    return read_.value.flows[i];
  }

  void check_names() {
    for (std::size_t i = 0; i < read_.flows.size(); ++i) {
      auto& name = read_.flows[i].name;
      if (!name)
        continue;
      auto first = index_.at(name->value);
      if (first != i)
        shared_.refuse(*name, shown(*name) + " is the name of the flow of "
                                  + line(read_.flows[first].name->at)
                                  + ", expected a unique name");
    }
  }

  bool has(std::size_t config, half what) const {
    auto& notes = read_.websockets[config];
    return what == half::server   ? notes.has_server
           : what == half::client ? notes.has_client
                                  : true;
  }

  /// The configurations that have a half.
  std::vector<std::string_view> with(half what) const {
    std::vector<std::string_view> result;
    for (std::size_t i = 0; i < configs_.size(); ++i)
      if (has(i, what))
        result.push_back(configs_[i]);
    return result;
  }

  /// Reports a name that is no configuration, or one without a half.
  bool is_right(const text& name, half what) {
    if (read_.websockets_unclear)
      return true;
    auto found = std::find(configs_.begin(), configs_.end(), name.value);
    if (found == configs_.end()) {
      shared_.refuse(name, unknown_name(name, "[websocket.NAME]", configs_));
      return false;
    }
    auto index = static_cast<std::size_t>(found - configs_.begin());
    if (has(index, what))
      return true;
    shared_.refuse(name, shown(name) + " has no "
                             + (what == half::server ? "server" : "client")
                             + " settings, expected a configuration with "
                             + table_of(what));
    return false;
  }

  void report_missing_config(source_place at, std::string key, half what) {
    auto count = with(what).size();
    auto expected = count == 0
                        ? "a " + table_of(what) + " in this file"
                        : "the name of one of the " + std::to_string(count)
                              + ' ' + table_of(what);
    shared_.report(at, std::move(key), "is missing, expected " + expected);
  }

  void check_config(std::size_t i) {
    auto& notes = read_.flows[i];
    auto what = notes.source ? half_for(*notes.source) : half::any;
    if (notes.config) {
      // Reported as having no effect.
      if (notes.source != flow_source::none)
        notes.config_wrong = !is_right(*notes.config, what);
      return;
    }
    if (notes.config_wrong || !notes.source || !is_socket_source(*notes.source))
      return;
    auto candidates = with(what);
    if (candidates.size() == 1 && !read_.websockets_unclear) {
      options(i).config = candidates.front();
      return;
    }
    notes.config_wrong = true;
    if (!read_.websockets_unclear)
      report_missing_config(options(i).at, notes.key + ".config", what);
  }

  /// A step that opens a socket takes the flow's configuration where it names
  /// none.
  void check_openings(std::size_t i) {
    auto& notes = read_.flows[i];
    for (auto& opening : notes.openings) {
      if (opening.config) {
        is_right(*opening.config, half::client);
        continue;
      }
      // A flow without a source has the configuration of who calls it.
      if (read_.websockets_unclear || notes.config_wrong || !notes.source
          || notes.source == flow_source::none)
        continue;
      auto good = with(half::client);
      auto& own = options(i).config;
      if (own.empty() ? good.size() != 1
                      : std::find(good.begin(), good.end(), own) == good.end())
        report_missing_config(opening.at, opening.key, half::client);
    }
  }

  void check_step_configs(const flow_draft& notes) {
    for (auto& config : notes.step_configs)
      is_right(config, half::any);
  }

  void check_socketless_steps(const flow_draft& notes) {
    if (notes.source == flow_source::startup
        || notes.source == flow_source::schedule)
      for (auto& step : notes.socketless_steps)
        shared_.refuse(step, "is missing, expected a socket's id: the flow's "
                             "source has no socket");
  }

  /// Whether a flow's source, configuration and path are all known.
  bool is_sound(const flow_draft& notes) const {
    return notes.source && is_socket_source(*notes.source)
           && !notes.config_wrong && notes.path;
  }

  void check_patterns() {
    std::map<std::pair<std::string, flow_source>,
             std::map<path_pattern, source_place>>
        taken;
    for (std::size_t i = 0; i < read_.flows.size(); ++i) {
      auto& notes = read_.flows[i];
      if (!is_sound(notes))
        continue;
      auto& patterns = taken[{options(i).config, *notes.source}];
      auto [other, is_new] = patterns.try_emplace(*notes.path, notes.path_at);
      if (!is_new)
        shared_.report(notes.path_at, notes.key + ".path",
                       "matches the same paths as the flow of "
                           + line(other->second)
                           + " with the same source, expected another path");
    }
  }

  /// A configuration has one listener, which is bound in one way.
  void check_listener_strategies() {
    std::map<std::string, std::size_t> first;
    for (std::size_t i = 0; i < read_.flows.size(); ++i) {
      auto& notes = read_.flows[i];
      auto& own = options(i).reconnection;
      if (!own || !is_sound(notes)
          || notes.source == flow_source::outbound_listener)
        continue;
      if (auto servers = with(half::server);
          std::find(servers.begin(), servers.end(), options(i).config)
          == servers.end()) {
        shared_.report(options(i).at, notes.key + ".reconnection",
                       "has no effect here, `" + options(i).config
                           + "` has no listener: expected it with source "
                             "outbound-listener, or in the configuration");
        continue;
      }
      auto [other, is_new] = first.try_emplace(options(i).config, i);
      if (!is_new && *options(other->second).reconnection != *own)
        shared_.report(options(i).at, notes.key + ".reconnection",
                       "is for binding the listener of `" + options(i).config
                           + "`, like that of the flow of "
                           + line(options(other->second).at)
                           + ", expected the same there and here");
    }
  }

  void check_connections() {
    // A flow that could not be read may be the one that is looked for.
    for (auto& notes : read_.flows)
      if (!notes.source
          || (notes.source == flow_source::inbound_listener
              && !is_sound(notes)))
        return;
    for (std::size_t i = 0; i < read_.flows.size(); ++i) {
      auto& notes = read_.flows[i];
      if (notes.source == flow_source::on_inbound_connection && is_sound(notes)
          && !has_listener_for(i))
        shared_.report(notes.path_at, notes.key + ".path",
                       "has no flow with source inbound-listener on a "
                       "matching path, expected one of the same config");
    }
  }

  bool has_listener_for(std::size_t connection) {
    for (std::size_t i = 0; i < read_.flows.size(); ++i)
      if (options(i).source == flow_source::inbound_listener
          && options(i).config == options(connection).config
          && overlap(*read_.flows[i].path, *read_.flows[connection].path))
        return true;
    return false;
  }

  void check_refs(const flow_draft& notes, bool all_named) {
    for (auto& ref : notes.flow_refs) {
      auto found = index_.find(ref.value);
      if (found == index_.end()) {
        if (all_named)
          shared_.refuse(ref, unknown_name(ref, "flow", names_));
      } else if (auto& source = read_.flows[found->second].source;
                 source && *source != flow_source::none) {
        shared_.refuse(ref, shown(ref)
                                + " is a flow with a source, expected "
                                  "one without");
      }
    }
  }

  /// The flow that a reference leads to where it is one to follow.
  std::optional<std::size_t> target_of(const text& ref) const {
    auto found = index_.find(ref.value);
    if (found == index_.end()
        || read_.flows[found->second].source != flow_source::none)
      return std::nullopt;
    return found->second;
  }

  /// Walks the references depth first, without recursion; one that leads to
  /// a flow on the way there closes a cycle.
  void check_cycles() {
    enum class color : std::uint8_t { fresh, on_the_way, done };
    struct visit {
      std::size_t flow;
      std::size_t next_ref;
    };
    std::vector<color> colors(read_.flows.size(), color::fresh);
    for (std::size_t start = 0; start < colors.size(); ++start) {
      if (colors[start] != color::fresh)
        continue;
      std::vector<visit> way{{start, 0}};
      colors[start] = color::on_the_way;
      while (!way.empty()) {
        auto& [flow, next_ref] = way.back();
        auto& refs = read_.flows[flow].flow_refs;
        if (next_ref == refs.size()) {
          colors[flow] = color::done;
          way.pop_back();
          continue;
        }
        auto& ref = refs[next_ref++];
        auto target = target_of(ref);
        if (!target)
          continue;
        if (colors[*target] == color::on_the_way) {
          shared_.refuse(ref, "leads back to the flow of "
                                  + line(options(*target).at)
                                  + ", expected no circle of flow_refs");
        } else if (colors[*target] == color::fresh) {
          colors[*target] = color::on_the_way;
          way.push_back({*target, 0});
        }
      }
    }
  }

  reading& shared_;
  draft& read_;
  std::vector<std::string_view> configs_;
  std::vector<std::string_view> names_;
  /// The first flow of each name.
  std::unordered_map<std::string_view, std::size_t> index_;
};

} // namespace

void check_flows(reading& shared, draft& read) {
  flow_checker{shared, read}.run();
}

} // namespace switchboard::config
