#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace switchboard::flows {

/// What SQLite could not do. Never leaves flows/store.
class sqlite_failure : public std::exception {
public:
  explicit sqlite_failure(std::string what) : what_(std::move(what)) {
    // nop
  }

  const char* what() const noexcept override {
    return what_.c_str();
  }

private:
  std::string what_;
};

/// One connection to a database file. One thread at a time.
class sqlite_database {
public:
  /// Opens a file, made for its owner alone where it is not there. Throws
  /// `sqlite_failure`, also where it cannot be written.
  explicit sqlite_database(const std::string& path);

  /// Runs statements that answer nothing. Throws `sqlite_failure`.
  void run(const char* sql);

  /// The first column of the only row. Throws `sqlite_failure`.
  std::string text_of(const char* sql);

  /// Rows that the last statement has changed.
  std::uint64_t changes() const noexcept;

private:
  friend class sqlite_statement;

  struct closer {
    void operator()(sqlite3* what) const noexcept;
  };

  [[noreturn]] void fail() const;

  std::unique_ptr<sqlite3, closer> handle_;
};

/// A statement that is made once and run many times.
class sqlite_statement {
public:
  /// @param in outlives it.
  sqlite_statement(sqlite_database& in, const char* sql);

  // Values of the next run, from 1. The text stays until it is over.
  void bind(int index, std::string_view text);
  void bind(int index, std::int64_t number);

  /// @returns whether there is a row; without one the run is over. Throws
  ///          `sqlite_failure`, the run being over.
  bool step();

  /// Ends the run. Idempotent.
  void reset() noexcept;

  /// Runs it to its end.
  void run() {
    while (step()) {
      // No row is of interest.
    }
  }

  // Columns of the row, from 0.
  std::string text(int column) const;
  std::int64_t number(int column) const;

private:
  struct closer {
    void operator()(sqlite3_stmt* what) const noexcept;
  };

  void check(int code) const;

  sqlite_database& in_;
  std::unique_ptr<sqlite3_stmt, closer> handle_;
};

/// Ends a statement's run whatever happens.
class sqlite_run {
public:
  explicit sqlite_run(sqlite_statement& what) : what_(what) {
    // nop
  }

  ~sqlite_run() {
    what_.reset();
  }

  sqlite_run(const sqlite_run&) = delete;
  sqlite_run& operator=(const sqlite_run&) = delete;

private:
  sqlite_statement& what_;
};

} // namespace switchboard::flows
