#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>

#include "actors/internal.hpp"
#include "actors/outbound_plan.hpp"
#include "actors/socket_index.hpp"

namespace switchboard::actors {

/// What a keeper works with.
struct outbound_keeper_setup {
  /// Null: the configuration has no client settings.
  client_profile_ptr profile;
  strategy_lookup reconnection;
  std::vector<caf::strong_actor_ptr> shards;
  std::shared_ptr<socket_index> sockets;
  report_function on_report;
  std::shared_ptr<config_counters> counters =
      std::make_shared<config_counters>();
  send_queue_lookup send_queue = {};
};

/// The supervisor's part that opens one configuration's outbound sockets and
/// keeps them: the limit, the attempts, who waits for which outcome. A socket
/// has a record from the first attempt until it is gone for good.
class outbound_keeper {
public:
  /// Once, before anything else.
  void start(supervisor_actor::pointer self, outbound_keeper_setup setup);

  /// @param request its id is reserved; given back where nothing comes of it.
  caf::result<std::string> open(const outbound_options& request);

  /// A socket has lost its connection.
  void lost(const outbound_lost& what);

  void dial_again(std::uint64_t serial);
  void place_expired(std::uint64_t serial);

  /// Dials from here on as other settings say.
  /// @param profile null: none any more; sockets that are open are kept as
  ///        they were.
  void use(client_profile_ptr profile);

  /// Closes a socket of ours normally, or gives up opening it.
  /// @returns once its id is free; at once where there is none.
  caf::result<void> withdraw(const std::string& socket_id);

  /// An actor has ended.
  /// @returns whether it was a socket of ours.
  bool forget(const caf::actor_addr& who);

  /// Gives up on everything that is not open.
  void stop();

private:
  using time_point = caf::actor_clock::time_point;

  struct record {
    outbound_plan_ptr plan;
    /// Shard that it lives on.
    std::size_t shard = 0;
    /// Null until it is open for the first time.
    caf::strong_actor_ptr socket;
    /// Of whoever asked for it, until answered.
    caf::typed_response_promise<std::string> answer;
    bool answered = false;
    /// Whether a handshake is under way.
    bool dialing = false;
    /// Whether it waits for a place below the limit.
    bool queued = false;
    /// Lost before its handshake was told of.
    bool lost_early = false;
    /// Whether nobody wants it any more.
    bool withdrawn = false;
    /// Of those who wait for its end.
    std::vector<caf::typed_response_promise<void>> withdrawals;
    /// As it was asked for: other settings make another plan of it.
    outbound_options wanted;
    /// Attempts made again since it was up for long enough.
    std::uint32_t attempts = 0;
    std::uint32_t generation = 0;
    /// The wait before the attempt at hand.
    std::chrono::nanoseconds waited{0};
    time_point asked_at;
    time_point up_since;
  };

  using records = std::map<std::uint64_t, record>;

  void dial(std::uint64_t serial);
  void renew_plan(record& what) const;
  /// Of openings, where there is no profile any more.
  std::size_t max_connections() const noexcept;
  void opened(std::uint64_t serial, caf::strong_actor_ptr socket);
  void failed(std::uint64_t serial, const caf::error& why);
  void lose(std::uint64_t serial, record& what);
  void wait(std::uint64_t serial, record& what, std::chrono::nanoseconds delay);
  void give_up(std::uint64_t serial, const caf::error& why);
  void erase(records::iterator which);
  void fill_places();
  std::chrono::nanoseconds patience(const record& what) const;
  caf::error exhausted(const record& what, const caf::error& why) const;
  double roll();
  time_point now() const;
  void tell(report::severity level, std::string text, const record& what,
            string_pairs fields) const;

  supervisor_actor::pointer self_ = nullptr;
  outbound_keeper_setup setup_;
  records records_;
  /// Those that have a place; the others wait in `places_`.
  std::size_t placed_ = 0;
  std::deque<std::uint64_t> places_;
  std::uint64_t last_serial_ = 0;
  std::size_t next_shard_ = 0;
  bool stopped_ = false;
  std::minstd_rand dice_{std::random_device{}()};
};

} // namespace switchboard::actors
