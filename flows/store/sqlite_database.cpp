#include "flows/store/sqlite_database.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace switchboard::flows {

namespace {

/// How long another process may hold the file before a request fails.
constexpr int busy_milliseconds = 2000;

/// SQLite itself would make the file readable for all. A file that is there is
/// not even opened: closing it would end the locks that another connection of
/// this process has on it.
void make_private(const std::string& path) {
  auto file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0)
    ::close(file);
  else if (errno != EEXIST)
    throw sqlite_failure{std::generic_category().message(errno)};
}

} // namespace

void sqlite_database::closer::operator()(sqlite3* what) const noexcept {
  sqlite3_close_v2(what);
}

sqlite_database::sqlite_database(const std::string& path) {
  make_private(path);
  sqlite3* handle = nullptr;
  auto code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);
  if (handle == nullptr)
    throw sqlite_failure{sqlite3_errstr(code)};
  if (code != SQLITE_OK)
    fail();
  sqlite3_busy_timeout(handle, busy_milliseconds);
  if (sqlite3_db_readonly(handle, "main") != 0)
    throw sqlite_failure{"the file cannot be written"};
}

void sqlite_database::fail() const {
  throw sqlite_failure{sqlite3_errmsg(handle_.get())};
}

void sqlite_database::run(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    fail();
}

std::string sqlite_database::text_of(const char* sql) {
  sqlite_statement statement{*this, sql};
  return statement.step() ? statement.text(0) : std::string{};
}

std::uint64_t sqlite_database::changes() const noexcept {
  return static_cast<std::uint64_t>(sqlite3_changes64(handle_.get()));
}

void sqlite_statement::closer::operator()(sqlite3_stmt* what) const noexcept {
  sqlite3_finalize(what);
}

sqlite_statement::sqlite_statement(sqlite_database& in, const char* sql)
    : in_(in) {
  sqlite3_stmt* handle = nullptr;
  auto code = sqlite3_prepare_v3(in.handle_.get(), sql, -1,
                                 SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  handle_.reset(handle);
  check(code);
}

void sqlite_statement::check(int code) const {
  if (code != SQLITE_OK)
    in_.fail();
}

void sqlite_statement::bind(int index, std::string_view text) {
  check(sqlite3_bind_blob64(handle_.get(), index,
                            text.empty() ? "" : text.data(), text.size(),
                            SQLITE_STATIC));
}

void sqlite_statement::bind(int index, std::int64_t number) {
  check(sqlite3_bind_int64(handle_.get(), index, number));
}

bool sqlite_statement::step() {
  auto code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW)
    return true;
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  std::string problem = sqlite3_errmsg(in_.handle_.get());
  reset();
  throw sqlite_failure{std::move(problem)};
}

void sqlite_statement::reset() noexcept {
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
}

std::string sqlite_statement::text(int column) const {
  auto data =
      static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  auto size = sqlite3_column_bytes(handle_.get(), column);
  return data != nullptr ? std::string(data, static_cast<std::size_t>(size))
                         : std::string{};
}

std::int64_t sqlite_statement::number(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

} // namespace switchboard::flows
