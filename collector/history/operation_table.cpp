#include "collector/history/operation_table.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "collector/history/sqlite.h"

namespace memwatch::history {

namespace {

constexpr const char* kWriting = "write the history";
constexpr const char* kReading = "read the history";

// The same moment, computed from the same clock once by each daemon.
constexpr std::int64_t kSameMomentMs = 50;

// Remembered ones come in their order, so all up to the latest that is known are.
Result<bool> is_known(sqlite3* database, std::int64_t process, const Operation& operation,
                      std::int64_t known_until) {
  Result<Statement> latest = Statement::prepare(
      database, kReading, "SELECT max(time) FROM operation WHERE process = ?1 AND id <= ?2");
  if (!latest) return latest.error();
  const Result<bool> row = latest->bind(1, process).bind(2, known_until).step();
  if (!row) return row.error();
  const auto time = *row ? latest->optional(0) : std::nullopt;
  return time && operation.time_ms <= static_cast<std::int64_t>(*time) + kSameMomentMs;
}

}  // namespace

const char* const kMakeOperationTable =
    "CREATE TABLE operation(id INTEGER PRIMARY KEY AUTOINCREMENT, process INTEGER NOT NULL, "
    "time INTEGER NOT NULL, kind TEXT NOT NULL, function TEXT NOT NULL, tid INTEGER NOT NULL, "
    "size INTEGER NOT NULL, error INTEGER NOT NULL, more INTEGER NOT NULL); "
    "CREATE INDEX operation_time ON operation(time);";

Result<std::int64_t> last_operation(sqlite3* database) {
  Result<Statement> latest =
      Statement::prepare(database, kReading, "SELECT ifnull(max(id), 0) FROM operation");
  if (!latest) return latest.error();
  const Result<bool> row = latest->step();
  if (!row) return row.error();
  return *row ? latest->integer(0) : 0;
}

Result<void> insert_operation(sqlite3* database, std::int64_t process, const Operation& operation,
                              std::int64_t known_until) {
  if (operation.is_remembered && known_until > 0) {
    const Result<bool> known = is_known(database, process, operation, known_until);
    if (!known) return known.error();
    if (*known) return {};
  }
  Result<Statement> insert = Statement::prepare(
      database, kWriting,
      "INSERT INTO operation(process, time, kind, function, tid, size, error, more) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  if (!insert) return insert.error();
  return insert->bind(1, process)
      .bind(2, operation.time_ms)
      .bind(3, std::string(operation_name(operation.kind)))
      .bind(4, operation.function)
      .bind(5, std::int64_t{operation.tid})
      .bind(6, static_cast<std::int64_t>(operation.size))  // all 64 bits: absurd ones fail
      .bind(7, std::int64_t{operation.error_number})
      .bind(8, operation.more)
      .run();
}

Result<std::vector<Operation>> find_operations(sqlite3* database, const Question& question) {
  std::string sql =
      "SELECT p.pid, p.start, p.name, o.time, o.kind, o.function, o.tid, o.size, o.error, o.more "
      "FROM operation o JOIN process p ON p.id = o.process WHERE o.time >= ?1";
  if (question.pid) sql += " AND p.pid = ?2";
  if (question.name) sql += " AND p.name = ?3";
  sql += " ORDER BY o.time DESC, o.id DESC LIMIT ?4";
  Result<Statement> statement = Statement::prepare(database, kReading, sql.c_str());
  if (!statement) return statement.error();
  statement->bind(1, question.since_ms);
  if (question.pid) statement->bind(2, std::int64_t{*question.pid});
  if (question.name) statement->bind(3, *question.name);
  statement->bind(4, std::min<std::uint64_t>(question.count, kMostOperations));
  std::vector<Operation> found;
  while (true) {
    const Result<bool> row = statement->step();
    if (!row) return row.error();
    if (!*row) break;
    const std::optional<OperationKind> kind = operation_named(statement->text(4));
    if (!kind) continue;
    Operation operation;
    operation.process.pid = static_cast<pid_t>(statement->integer(0));
    operation.process.start_ticks = static_cast<std::uint64_t>(statement->integer(1));
    operation.process.name = statement->text(2);
    operation.time_ms = statement->integer(3);
    operation.kind = *kind;
    operation.function = statement->text(5);
    operation.tid = static_cast<std::uint32_t>(statement->integer(6));
    operation.size = statement->optional(7).value_or(0U);
    operation.error_number = static_cast<int>(statement->integer(8));
    operation.more = statement->optional(9).value_or(0U);
    found.push_back(std::move(operation));
  }
  std::reverse(found.begin(), found.end());
  return found;
}

Result<void> delete_operations(sqlite3* database, std::int64_t before_ms) {
  Result<Statement> statement = Statement::prepare(
      database, kWriting,
      "DELETE FROM operation WHERE time < ?1 OR id <= (SELECT max(id) FROM operation) - ?2");
  if (!statement) return statement.error();
  return statement->bind(1, before_ms).bind(2, kMostOperations).run();
}

}  // namespace memwatch::history
