#include "collector/history/sqlite.h"

#include <utility>

namespace memwatch::history {

Error database_error(const std::string& attempted, sqlite3* database) {
  const int code = sqlite3_errcode(database);
  const char* path = sqlite3_db_filename(database, "main");
  const bool is_damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
  return Error{is_damaged ? ErrorKind::damaged : ErrorKind::system,
               attempted,
               path != nullptr ? path : "",
               sqlite3_errmsg(database),
               {}};
}

Result<void> execute(sqlite3* database, const std::string& attempted, const std::string& sql) {
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return database_error(attempted, database);
  }
  return {};
}

Result<Statement> Statement::prepare(sqlite3* database, std::string attempted, const char* sql) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(database, sql, -1, &prepared, nullptr) != SQLITE_OK) {
    return database_error(attempted, database);
  }
  Statement statement;
  statement.statement_.reset(prepared);
  statement.attempted_ = std::move(attempted);
  return statement;
}

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

// Figures of memory: beyond 2^63 they are nonsense anyway.
Statement& Statement::bind(int index, std::uint64_t value) {
  return bind(index, static_cast<std::int64_t>(value & ~(1ULL << 63)));
}

Statement& Statement::bind(int index, const std::optional<std::uint64_t>& value) {
  if (value) return bind(index, *value);
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

Statement& Statement::bind(int index, const std::string& text) {
  sqlite3_bind_text(statement_.get(), index, text.data(), static_cast<int>(text.size()),
                    SQLITE_TRANSIENT);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  const Result<bool> done = code == SQLITE_DONE
                                ? Result<bool>(false)
                                : database_error(attempted_, sqlite3_db_handle(statement_.get()));
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  return done;
}

Result<void> Statement::run() {
  while (true) {
    const Result<bool> more = step();
    if (!more) return more.error();
    if (!*more) return {};
  }
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::optional<std::uint64_t> Statement::optional(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
  return static_cast<std::uint64_t>(integer(column));
}

std::string Statement::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Result<Transaction> Transaction::begin(sqlite3* database, const std::string& attempted) {
  if (const auto begun = execute(database, attempted, "BEGIN IMMEDIATE"); !begun) {
    return begun.error();
  }
  return Transaction(database, attempted);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)), attempted_(std::move(other.attempted_)) {}

Transaction::~Transaction() {
  if (database_ != nullptr) sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Transaction::commit() {
  const Result<void> committed = execute(database_, attempted_, "COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

}  // namespace memwatch::history
