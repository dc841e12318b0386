#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <boost/json.hpp>

namespace switchboard::service::client {

/// What a socket has done between two looks at it.
struct socket_rate {
  /// As the API lists it.
  boost::json::object socket;
  /// A second.
  double messages_received = 0;
  double messages_sent = 0;
  double bytes_received = 0;
  double bytes_sent = 0;
};

/// Makes rates of the counters of sockets, from one look to the next.
class rate_counter {
public:
  /// @param sockets as `GET /v1/sockets` lists them.
  /// @param seconds since the last look; positive.
  /// @returns the busiest first. A socket that was not there before counts
  ///          from zero.
  std::vector<socket_rate> look(const boost::json::array& sockets,
                                double seconds);

private:
  struct counters {
    std::uint64_t messages_received = 0;
    std::uint64_t messages_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
  };

  std::map<std::string, counters> last_;
};

} // namespace switchboard::service::client
