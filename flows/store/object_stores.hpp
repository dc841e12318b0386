#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/object_store_options.hpp>

#include "flows/store/object_store.hpp"

namespace switchboard::flows {

/// The object stores of a configuration, by name. Any thread once made.
class object_stores {
public:
  /// Opens all of them, and the default one where no options are of its name.
  /// @returns an OS:STORE_NOT_AVAILABLE that names store, file and cause.
  static caf::expected<std::shared_ptr<const object_stores>>
  open(const std::vector<object_store_options>& options);

  /// @param name empty: the default one.
  /// @returns null where there is none.
  std::shared_ptr<object_store> find(const std::string& name) const;

  /// Of each store, by name.
  std::vector<std::pair<std::string, store_statistics>> statistics() const;

private:
  std::vector<std::pair<std::string, std::shared_ptr<object_store>>> stores_;
};

} // namespace switchboard::flows
