#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "bench/load/fleet.hpp"
#include "bench/load/slice.hpp"

namespace switchboard::bench {

struct api_options {
  /// Where the management API listens.
  endpoint api;
  std::size_t subscribers = 100;
  /// Keep-alive connections, each with one request on its way.
  std::size_t connections = 8;
  /// One broadcast to all subscribers a request, instead of one message to one
  /// of them.
  bool broadcasts = false;
};

/// HTTP requests make the server send to its sockets. Counts deliveries;
/// latency is of requests, from the request to the end of its answer.
class api : public scenario {
public:
  api(wire shared, const api_options& options);
  ~api() override;

  void open() override;
  void run(const slice_limit& until, slice& into) override;

private:
  struct http_connection {
    int fd = -1;
    std::string answer;
    std::uint64_t sent_at = 0;
  };

  int connect_api() const;
  std::string get(const std::string& target) const;
  std::vector<std::string> socket_ids() const;
  void request(http_connection& by);
  bool answered(http_connection& by);

  wire wire_;
  api_options options_;
  fleet fleet_;
  poller loop_;
  std::deque<http_connection> connections_;
  /// One for each subscriber, or one in all.
  std::vector<std::string> requests_;
  std::size_t next_ = 0;
  std::size_t in_flight_ = 0;
  /// Deliveries that requests have asked for and that have not come.
  std::uint64_t outstanding_ = 0;
};

} // namespace switchboard::bench
