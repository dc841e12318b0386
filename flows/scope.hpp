#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <switchboard/attributes.hpp>
#include <switchboard/error.hpp>

#include "flows/failure_record.hpp"
#include "flows/value.hpp"

namespace switchboard::flows {

/// The variables of one run. Flows have a handful: a vector beats a map.
class variables {
public:
  using entries = std::vector<std::pair<std::string, value>>;

  /// Null where there is none.
  const value* find(std::string_view name) const noexcept {
    for (auto& [key, x] : entries_)
      if (key == name)
        return &x;
    return nullptr;
  }

  /// A variable that becomes nil is gone.
  void set(std::string_view name, value x) {
    for (auto at = entries_.begin(); at != entries_.end(); ++at) {
      if (at->first != name)
        continue;
      if (is_nil(x))
        entries_.erase(at);
      else
        at->second = std::move(x);
      return;
    }
    if (!is_nil(x))
      entries_.emplace_back(name, std::move(x));
  }

  void clear() noexcept {
    entries_.clear();
  }

  entries::const_iterator begin() const noexcept {
    return entries_.begin();
  }

  entries::const_iterator end() const noexcept {
    return entries_.end();
  }

private:
  entries entries_;
};

/// What an expression sees.
struct scope {
  value payload;
  /// No handshake where the flow has no socket.
  socket_attributes attributes;
  variables vars;
  /// Set while an `on_error` runs.
  std::optional<error_text> error;
  /// The errors of the same message before it, oldest first; null: none.
  std::shared_ptr<const error_list> past = nullptr;
};

} // namespace switchboard::flows
