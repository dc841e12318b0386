#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_call.hpp"
#include "net/timer.hpp"

namespace switchboard::flows {

/// Which targets have said that they want events: the memory of the abuse
/// protection of CloudEvents' webhooks (HTTP 1.1 Web Hooks for Event Delivery
/// §4). Knows no network: who owns it asks.
class webhook_permits {
public:
  using id_list = std::vector<std::uint64_t>;

  enum class verdict : std::uint8_t {
    granted,
    denied,
    /// The target is to be asked; `settle` then.
    ask,
    /// Somebody has asked already; the id is in `settle`'s result.
    wait,
  };

  /// A grant holds this long, a denial shorter: the target may come to want
  /// events.
  static constexpr std::chrono::hours grant_time{1};
  static constexpr std::chrono::seconds denial_time{10};

  /// @param target see `key_of`.
  /// @param id who wants to know.
  verdict look(const std::string& target, std::uint64_t id,
               net::clock::time_point now);

  /// The target has answered, or could not be asked (`nullopt`): then it is
  /// asked again when somebody looks.
  /// @returns who waits, the one who has asked included.
  id_list settle(const std::string& target, std::optional<bool> granted,
                 net::clock::time_point now);

  /// What permits are given for: one path of one origin, asked by one name.
  static std::string key_of(const net::dial_target& target,
                            std::string_view origin);

  /// Whether an answer to OPTIONS lets `origin` send.
  static bool grants(const net::http_response& answer, std::string_view origin);

private:
  struct entry {
    bool asking = false;
    bool granted = false;
    net::clock::time_point until;
    id_list waiting;
  };

  void make_room(net::clock::time_point now);

  std::map<std::string, entry> entries_;
};

} // namespace switchboard::flows
