#include "collector/history/clock_table.h"

#include <optional>
#include <utility>
#include <vector>

#include "collector/history/sqlite.h"

namespace memwatch::history {

namespace {

constexpr const char* kWriting = "write the history";
constexpr const char* kReading = "read the history";

}  // namespace

const char* const kMakeClockTables =
    "CREATE TABLE clock(boot TEXT NOT NULL, wall INTEGER NOT NULL, running INTEGER NOT NULL); "
    "CREATE TABLE clock_gap(first INTEGER NOT NULL, until INTEGER NOT NULL, "
    "doubtful INTEGER NOT NULL);";

Result<void> keep_clock(sqlite3* database, const LivedTime& lived) {
  const auto cleared = execute(database, kWriting, "DELETE FROM clock; DELETE FROM clock_gap");
  if (!cleared) return cleared;
  if (const auto& last = lived.last()) {
    Result<Statement> clock =
        Statement::prepare(database, kWriting, "INSERT INTO clock VALUES(?1, ?2, ?3)");
    if (!clock) return clock.error();
    const auto done =
        clock->bind(1, last->boot).bind(2, last->wall_ms).bind(3, last->running_ms).run();
    if (!done) return done;
  }
  Result<Statement> insert =
      Statement::prepare(database, kWriting, "INSERT INTO clock_gap VALUES(?1, ?2, ?3)");
  if (!insert) return insert.error();
  for (const LivedTime::Gap& gap : lived.gaps()) {
    const auto done = insert->bind(1, gap.from_ms)
                          .bind(2, gap.until_ms)
                          .bind(3, std::int64_t{gap.is_doubtful ? 1 : 0})
                          .run();
    if (!done) return done;
  }
  return {};
}

Result<LivedTime> kept_clock(sqlite3* database) {
  Result<Statement> clock =
      Statement::prepare(database, kReading, "SELECT boot, wall, running FROM clock");
  if (!clock) return clock.error();
  const Result<bool> has_clock = clock->step();
  if (!has_clock) return has_clock.error();
  std::optional<LivedTime::Moment> last;
  if (*has_clock) {
    last = LivedTime::Moment{clock->text(0), clock->integer(1), clock->integer(2)};
  }
  Result<Statement> rows = Statement::prepare(
      database, kReading, "SELECT first, until, doubtful FROM clock_gap ORDER BY until");
  if (!rows) return rows.error();
  std::vector<LivedTime::Gap> gaps;
  while (true) {
    const Result<bool> row = rows->step();
    if (!row) return row.error();
    if (!*row) break;
    gaps.push_back({rows->integer(0), rows->integer(1), rows->integer(2) != 0});
  }
  return LivedTime(std::move(last), std::move(gaps));
}

}  // namespace memwatch::history
