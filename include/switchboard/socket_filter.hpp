#pragma once

#include <string>
#include <vector>

#include <caf/meta/type_name.hpp>

#include <switchboard/attributes.hpp>

namespace switchboard {

/// Which sockets a broadcast, a bulk close, a list or a tap is for.
struct socket_filter {
  std::string config;
  /// A `path_pattern`, compared with paths below the base path. Empty: all.
  std::string path;
  socket_type_filter type = socket_type_filter::all;
  /// Sockets of any of these. Empty: all.
  std::vector<std::string> groups;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f,
                                                 socket_filter& x) {
    return f(caf::meta::type_name("socket_filter"), x.config, x.path, x.type,
             x.groups);
  }
};

} // namespace switchboard
