#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "flows/store/sqlite_database.hpp"

namespace switchboard::flows {

/// The entries of a store in a database of its own. Times are milliseconds
/// since the Unix epoch, so that they outlive the process. All of it throws
/// `sqlite_failure`. One thread at a time.
class sqlite_table {
public:
  struct entry {
    std::string value;
    std::int64_t changed = 0;
  };

  /// Opens the file; refuses one that is another program's.
  explicit sqlite_table(const std::string& path);

  /// However old it is.
  std::optional<entry> load(const std::string& key);
  void put(const std::string& key, const std::string& value, std::int64_t now);
  void erase(const std::string& key);

  /// Both take the oldest first, and tell how many.
  std::uint64_t erase_until(std::int64_t changed, std::int64_t most);
  std::uint64_t erase_oldest(std::int64_t most);

  std::uint64_t count();

  void begin();
  /// What was done since `begin` outlives the process and the machine.
  void commit();
  void roll_back() noexcept;

private:
  static sqlite_database open(const std::string& path);

  sqlite_database file_;
  sqlite_statement begin_;
  sqlite_statement commit_;
  sqlite_statement roll_back_;
  sqlite_statement load_;
  sqlite_statement put_;
  sqlite_statement erase_;
  sqlite_statement erase_until_;
  sqlite_statement erase_oldest_;
  sqlite_statement count_;
};

} // namespace switchboard::flows
