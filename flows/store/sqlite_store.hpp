#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <switchboard/object_store_options.hpp>

#include "flows/store/object_store.hpp"

namespace switchboard::flows {

class sqlite_worker;

/// Keeps its entries in a file, on a thread of its own: all changes that wait
/// become one transaction, and each is answered when it is on the disk.
/// Answers come on that thread.
class sqlite_store final : public object_store {
public:
  /// Milliseconds since the Unix epoch.
  using clock = std::function<std::int64_t()>;

  /// @param problem receives a sentence that names the file, where the result
  ///        is null.
  /// @param now the time, for tests of their own.
  static std::shared_ptr<object_store> open(const object_store_options& options,
                                            std::string& problem,
                                            clock now = nullptr);

  /// @pre made by `open`
  sqlite_store(std::string name, std::shared_ptr<sqlite_worker> worker);

  /// Does what was asked before, then ends the thread.
  ~sqlite_store() override;

  void load(std::string key, reply then) override;
  void update(std::string key, change how, reply then) override;
  store_statistics statistics() const override;

private:
  void ask(std::string key, change how, reply then);

  /// Shared with the thread, which may be the one that destroys the store.
  std::shared_ptr<sqlite_worker> worker_;
  std::thread thread_;
};

} // namespace switchboard::flows
