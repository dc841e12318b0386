#include "flows/store/sqlite_table.hpp"

namespace switchboard::flows {

namespace {

/// Of `PRAGMA user_version`.
constexpr std::string_view version = "1";

void make_tables(sqlite_database& file) {
  file.run("BEGIN IMMEDIATE;"
           "CREATE TABLE IF NOT EXISTS entries("
           " id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,"
           " value BLOB NOT NULL, changed INTEGER NOT NULL);"
           "CREATE INDEX IF NOT EXISTS entries_by_change ON entries(changed);"
           "PRAGMA user_version = 1;"
           "COMMIT");
}

} // namespace

sqlite_database sqlite_table::open(const std::string& path) {
  sqlite_database file{path};
  auto found = file.text_of("PRAGMA user_version");
  if (found == "0" && file.text_of("SELECT count(*) FROM sqlite_master") != "0")
    throw sqlite_failure{"the database is another program's"};
  if (found != "0" && found != version)
    throw sqlite_failure{"the database is of version " + found + ", expected "
                         + std::string{version}};
  if (file.text_of("PRAGMA journal_mode = WAL") != "wal")
    throw sqlite_failure{"the file system does not let it write ahead"};
  // Each commit is on the disk before it is told.
  file.run("PRAGMA synchronous = FULL");
  if (found == "0")
    make_tables(file);
  return file;
}

sqlite_table::sqlite_table(const std::string& path)
    : file_(open(path)),
      begin_(file_, "BEGIN IMMEDIATE"),
      commit_(file_, "COMMIT"),
      roll_back_(file_, "ROLLBACK"),
      load_(file_, "SELECT value, changed FROM entries WHERE key = ?1"),
      put_(file_, "INSERT INTO entries(key, value, changed) "
                  "VALUES (?1, ?2, ?3) ON CONFLICT(key) DO UPDATE "
                  "SET value = excluded.value, changed = excluded.changed"),
      erase_(file_, "DELETE FROM entries WHERE key = ?1"),
      erase_until_(file_, "DELETE FROM entries WHERE id IN (SELECT id FROM "
                          "entries WHERE changed <= ?1 ORDER BY changed "
                          "LIMIT ?2)"),
      erase_oldest_(file_, "DELETE FROM entries WHERE id IN (SELECT id FROM "
                           "entries ORDER BY changed LIMIT ?1)"),
      count_(file_, "SELECT count(*) FROM entries") {
  // nop
}

std::optional<sqlite_table::entry> sqlite_table::load(const std::string& key) {
  sqlite_run run{load_};
  load_.bind(1, key);
  if (!load_.step())
    return std::nullopt;
  return entry{load_.text(0), load_.number(1)};
}

void sqlite_table::put(const std::string& key, const std::string& value,
                       std::int64_t now) {
  sqlite_run run{put_};
  put_.bind(1, key);
  put_.bind(2, value);
  put_.bind(3, now);
  put_.run();
}

void sqlite_table::erase(const std::string& key) {
  sqlite_run run{erase_};
  erase_.bind(1, key);
  erase_.run();
}

std::uint64_t sqlite_table::erase_until(std::int64_t changed,
                                        std::int64_t most) {
  sqlite_run run{erase_until_};
  erase_until_.bind(1, changed);
  erase_until_.bind(2, most);
  erase_until_.run();
  return file_.changes();
}

std::uint64_t sqlite_table::erase_oldest(std::int64_t most) {
  sqlite_run run{erase_oldest_};
  erase_oldest_.bind(1, most);
  erase_oldest_.run();
  return file_.changes();
}

std::uint64_t sqlite_table::count() {
  sqlite_run run{count_};
  return count_.step() ? static_cast<std::uint64_t>(count_.number(0)) : 0;
}

void sqlite_table::begin() {
  begin_.run();
}

void sqlite_table::commit() {
  commit_.run();
}

void sqlite_table::roll_back() noexcept {
  try {
    roll_back_.run();
  } catch (const sqlite_failure&) {
    // It was rolled back already: some failures do that by themselves.
  }
}

} // namespace switchboard::flows
