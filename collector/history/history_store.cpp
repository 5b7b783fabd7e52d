#include "collector/history/history_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <tuple>

#include "collector/history/alert_table.h"
#include "collector/history/clock_table.h"
#include "collector/history/consumer_table.h"
#include "collector/history/operation_table.h"
#include "collector/history/sqlite.h"

namespace memwatch::history {

namespace {

constexpr const char* kOpening = "open the history";
constexpr const char* kWriting = "write the history";
constexpr const char* kReading = "read the history";
constexpr std::int64_t kVersion = 4;  // 1 had no alerts, 2 no consumers and operations, 3 no clock

// Three tables of one shape, coarser and coarser.
struct Level {
  const char* table;
  std::int64_t span_ms;
};
constexpr std::array<Level, 3> kLevels = {Level{"sample_second", 1000},
                                          Level{"sample_minute", 60'000},
                                          Level{"sample_ten_minutes", 600'000}};

// Rounds of consumers go to these as they age.
constexpr std::int64_t kTenMinutesMs = 600'000, kHourMs = 3'600'000;
constexpr std::int64_t kBetweenSweepsMs = kHourMs;  // of names of sites

// Tables whose rows have a time and a process.
constexpr std::array kTimed = {"sample_second", "sample_minute", "sample_ten_minutes", "round",
                               "operation"};

constexpr std::uint64_t kMaxAnswers = 100'000;

// Sizes are means, their greatest values are kept, counts only ever grow. There is such a row
// already where the clock was set back and came by a second time.
std::string merge_statement(const Level& from, const Level& to) {
  return fmt::format(
      "INSERT INTO {} SELECT process, time / {} * {}, CAST(avg(rss) AS INTEGER), "
      "max(rss_max), CAST(avg(live) AS INTEGER), max(live_max), max(allocations), max(large), "
      "max(failed) FROM {} WHERE time < ?1 GROUP BY process, time / {} "
      "ON CONFLICT(process, time) DO UPDATE SET rss = (rss + excluded.rss) / 2, "
      "rss_max = max(rss_max, excluded.rss_max), "
      "live = ifnull((live + excluded.live) / 2, ifnull(live, excluded.live)), "
      "live_max = ifnull(max(live_max, excluded.live_max), ifnull(live_max, excluded.live_max)), "
      "allocations = max(allocations, excluded.allocations), "
      "large = max(large, excluded.large), failed = max(failed, excluded.failed)",
      to.table, to.span_ms, to.span_ms, from.table, to.span_ms);
}

Result<void> make_tables(sqlite3* database) {
  // Before the first table, or it has no effect.
  std::string sql =
      "PRAGMA auto_vacuum = INCREMENTAL; BEGIN;"
      "CREATE TABLE process(id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, "
      "start INTEGER NOT NULL, boot TEXT NOT NULL, name TEXT NOT NULL, "
      "UNIQUE(pid, start, boot, name));";
  for (const Level& level : kLevels) {
    sql += fmt::format(
        "CREATE TABLE {0}(process INTEGER NOT NULL, time INTEGER NOT NULL, rss INTEGER NOT NULL, "
        "rss_max INTEGER NOT NULL, live INTEGER, live_max INTEGER, allocations INTEGER NOT NULL, "
        "large INTEGER NOT NULL, failed INTEGER NOT NULL, PRIMARY KEY(process, time)) "
        "WITHOUT ROWID; CREATE INDEX {0}_time ON {0}(time);",
        level.table);
  }
  sql += kMakeAlertTable;
  sql += kMakeConsumerTables;
  sql += kMakeOperationTable;
  sql += kMakeClockTables;
  sql += fmt::format("PRAGMA user_version = {}; COMMIT", kVersion);
  return execute(database, kOpening, sql);
}

Result<std::int64_t> number(sqlite3* database, const char* attempted, const char* sql) {
  Result<Statement> statement = Statement::prepare(database, attempted, sql);
  if (!statement) return statement.error();
  const Result<bool> row = statement->step();
  if (!row) return row.error();
  return *row ? statement->integer(0) : 0;
}

Result<void> look_for_damage(sqlite3* database, const std::string& path) {
  Result<Statement> check = Statement::prepare(database, kOpening, "PRAGMA quick_check(1)");
  if (!check) return check.error();
  const Result<bool> row = check->step();
  if (!row) return row.error();
  const std::string verdict = *row ? check->text(0) : "no verdict";
  if (verdict == "ok") return {};
  return Error{ErrorKind::damaged, kOpening, path, verdict, {}};
}

// What an earlier version wrote stays as it is: tables were only ever added.
Result<void> extend(sqlite3* database, std::int64_t version) {
  Result<Transaction> transaction = Transaction::begin(database, kOpening);
  if (!transaction) return transaction.error();
  std::string sql;
  if (version < 2) sql += kMakeAlertTable;
  if (version < 3) sql += std::string(kMakeConsumerTables) + kMakeOperationTable;
  sql += kMakeClockTables;
  sql += fmt::format("PRAGMA user_version = {}", kVersion);
  if (const auto extended = execute(database, kOpening, sql); !extended) return extended;
  return transaction->commit();
}

Result<void> set_up(sqlite3* database, const std::string& path) {
  sqlite3_busy_timeout(database, 2000);
  const Result<std::int64_t> version = number(database, kOpening, "PRAGMA user_version");
  if (!version) return version.error();
  if (*version > kVersion) {
    return Error{ErrorKind::damaged, kOpening, path, "a newer memwatch made it", {}};
  }
  if (*version == 0) {
    if (const auto made = make_tables(database); !made) return made;
  } else if (const auto sound = look_for_damage(database, path); !sound) {
    return sound;
  } else if (*version < kVersion) {
    if (const auto extended = extend(database, *version); !extended) return extended;
  }
  // A commit is in the log at once and on the disk at the next checkpoint: a killed daemon loses
  // nothing by it. secure_delete, which Debian switches on, would write every deleted row again.
  return execute(database, kOpening,
                 "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
                 "PRAGMA secure_delete = FAST; PRAGMA journal_size_limit = 4194304; "
                 "PRAGMA wal_autocheckpoint = 256; PRAGMA cache_size = -512");
}

}  // namespace

struct HistoryStore::State {
  Database database;
  Limits limits;
  std::string boot;
  std::map<std::tuple<pid_t, std::uint64_t, std::string>, std::int64_t> ids;
  std::int64_t next_sweep_ms = 0;

  Result<std::int64_t> id_of(const ProcessKey& process);
  Result<void> run(const char* attempted, const std::string& sql, std::int64_t value);
  Result<void> insert_samples(const std::vector<ProcessSample>& samples);
  Result<void> merge(std::size_t level, std::int64_t before_ms);
  Result<std::uint64_t> bytes();
  // The first or last time of all rows ("min", "max"); 0 where there are none.
  Result<std::int64_t> edge(const char* function);
  Result<void> delete_oldest(std::int64_t until_ms, const LivedTime& lived);
  Result<void> thin_and_delete(std::int64_t now_ms, const LivedTime& lived);
};

HistoryStore::HistoryStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
HistoryStore::HistoryStore(HistoryStore&&) noexcept = default;
HistoryStore& HistoryStore::operator=(HistoryStore&&) noexcept = default;
HistoryStore::~HistoryStore() = default;

Result<HistoryStore> HistoryStore::open(const std::string& path, const std::string& boot,
                                        Limits limits) {
  auto state = std::make_unique<State>();
  state->limits = limits;
  state->boot = boot;
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  state->database.reset(opened);
  if (code != SQLITE_OK) {
    return Error{ErrorKind::system,
                 kOpening,
                 path,
                 opened != nullptr ? sqlite3_errmsg(opened) : "no memory",
                 {}};
  }
  sqlite3_extended_result_codes(opened, 0);
  if (const auto done = set_up(opened, path); !done) return done.error();
  return HistoryStore(std::move(state));
}

Result<std::int64_t> HistoryStore::State::id_of(const ProcessKey& process) {
  const auto key = std::make_tuple(process.pid, process.start_ticks, process.name);
  if (const auto known = ids.find(key); known != ids.end()) return known->second;
  for (const char* sql :
       {"INSERT OR IGNORE INTO process(pid, start, boot, name) VALUES(?1, ?2, ?3, ?4)",
        "SELECT id FROM process WHERE pid = ?1 AND start = ?2 AND boot = ?3 AND name = ?4"}) {
    Result<Statement> statement = Statement::prepare(database.get(), kWriting, sql);
    if (!statement) return statement.error();
    statement->bind(1, std::int64_t{process.pid})
        .bind(2, process.start_ticks)
        .bind(3, boot)
        .bind(4, process.name);
    const Result<bool> row = statement->step();
    if (!row) return row.error();
    if (*row) {
      const std::int64_t id = statement->integer(0);
      ids.emplace(key, id);
      return id;
    }
  }
  return Error{
      ErrorKind::damaged, kWriting, process.name, "a process that was added is not there", {}};
}

Result<void> HistoryStore::State::insert_samples(const std::vector<ProcessSample>& samples) {
  Result<Statement> insert = Statement::prepare(
      database.get(), kWriting,
      "INSERT OR REPLACE INTO sample_second VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  if (!insert) return insert.error();
  for (const ProcessSample& row : samples) {
    const Result<std::int64_t> id = id_of(row.process);
    if (!id) return id.error();
    const Sample& sample = row.sample;
    const Result<void> done = insert->bind(1, *id)
                                  .bind(2, sample.time_ms)
                                  .bind(3, sample.rss)
                                  .bind(4, sample.rss_max)
                                  .bind(5, sample.live)
                                  .bind(6, sample.live_max)
                                  .bind(7, sample.allocations)
                                  .bind(8, sample.large)
                                  .bind(9, sample.failed)
                                  .run();
    if (!done) return done;
  }
  return {};
}

Result<std::vector<SiteId>> HistoryStore::append(const Batch& batch) {
  std::vector<SiteId> unnamed;
  if (batch.is_empty()) return unnamed;
  State& s = *state_;
  sqlite3* const database = s.database.get();
  Result<Transaction> transaction = Transaction::begin(database, kWriting);
  if (!transaction) return transaction.error();
  const auto written = [&]() -> Result<void> {
    if (const auto done = s.insert_samples(batch.samples); !done) return done;
    const Result<std::int64_t> last = last_operation(database);
    if (!last) return last.error();
    for (const Operation& operation : batch.operations) {
      const Result<std::int64_t> id = s.id_of(operation.process);
      if (!id) return id.error();
      const auto done = insert_operation(database, *id, operation, *last);
      if (!done) return done;
    }
    for (const ConsumerRound& round : batch.rounds) {
      const Result<std::int64_t> id = s.id_of(round.process);
      if (!id) return id.error();
      if (const auto done = insert_round(database, *id, round, &unnamed); !done) return done;
    }
    return transaction->commit();
  }();
  if (!written) {
    s.ids.clear();  // those that were added are rolled back
    return written.error();
  }
  return unnamed;
}

Result<void> HistoryStore::name_sites(const std::vector<std::pair<SiteId, SiteName>>& names) {
  sqlite3* const database = state_->database.get();
  Result<Transaction> transaction = Transaction::begin(database, kWriting);
  if (!transaction) return transaction.error();
  for (const auto& [site, name] : names) {
    if (const auto named = name_site(database, site, name); !named) return named;
  }
  return transaction->commit();
}

Result<void> HistoryStore::State::run(const char* attempted, const std::string& sql,
                                      std::int64_t value) {
  Result<Statement> statement = Statement::prepare(database.get(), attempted, sql.c_str());
  if (!statement) return statement.error();
  return statement->bind(1, value).run();
}

// What is older goes to the next level, or away.
Result<void> HistoryStore::State::merge(std::size_t level, std::int64_t before_ms) {
  if (level + 1 < kLevels.size()) {
    const Level& next = kLevels[level + 1];
    before_ms -= before_ms % next.span_ms;  // whole ones alone, so that none is merged twice
    if (const auto merged = run(kWriting, merge_statement(kLevels[level], next), before_ms);
        !merged) {
      return merged;
    }
  }
  return run(kWriting, fmt::format("DELETE FROM {} WHERE time < ?1", kLevels[level].table),
             before_ms);
}

Result<std::uint64_t> HistoryStore::State::bytes() {
  std::uint64_t product = 1;
  for (const char* sql : {"PRAGMA page_count", "PRAGMA page_size"}) {
    const Result<std::int64_t> value = number(database.get(), kReading, sql);
    if (!value) return value.error();
    product *= static_cast<std::uint64_t>(*value);
  }
  return product;
}

Result<std::uint64_t> HistoryStore::bytes() {
  return state_->bytes();
}

Result<std::int64_t> HistoryStore::State::edge(const char* function) {
  std::string parts;
  for (const char* table : kTimed) {
    parts += fmt::format("{}SELECT {}(time) AS t FROM {}", parts.empty() ? "" : " UNION ALL ",
                         function, table);
  }
  return number(database.get(), kReading,
                fmt::format("SELECT {}(t) FROM ({})", function, parts).c_str());
}

// A tenth of the time that the history has lived through, `until_ms` at most.
Result<void> HistoryStore::State::delete_oldest(std::int64_t until_ms, const LivedTime& lived) {
  const Result<std::int64_t> first = edge("min"), latest = edge("max");
  if (!first || !latest) return first ? latest.error() : first.error();
  const std::int64_t last = *first < until_ms ? std::min(*latest, until_ms) : *latest;
  const std::int64_t span = lived.between(*first, last);
  const std::int64_t before = std::max(lived.back(last, span - span / 10), *first + 1);
  for (const char* table : kTimed) {
    const auto deleted =
        run(kWriting, fmt::format("DELETE FROM {} WHERE time < ?1", table), before);
    if (!deleted) return deleted;
  }
  return delete_unused_sites(database.get());
}

// Rounds of consumers, and operations.
Result<void> HistoryStore::State::thin_and_delete(std::int64_t now_ms, const LivedTime& lived) {
  sqlite3* const opened = database.get();
  const auto before = [&](std::chrono::milliseconds age) {
    return lived.back(now_ms, age.count());
  };
  const auto thinned = thin_rounds(opened, before(limits.seconds_for), kTenMinutesMs);
  if (!thinned) return thinned;
  const auto again = thin_rounds(opened, before(limits.minutes_for), kHourMs);
  if (!again) return again;
  const auto gone = delete_rounds(opened, before(limits.keep));
  if (!gone) return gone;
  if (now_ms >= next_sweep_ms || now_ms < next_sweep_ms - kBetweenSweepsMs) {
    next_sweep_ms = now_ms + kBetweenSweepsMs;
    if (const auto swept = delete_unused_sites(opened); !swept) return swept;
  }
  return delete_operations(opened, before(limits.keep_operations));
}

Result<LivedTime> HistoryStore::lived_time() {
  Result<LivedTime> kept = kept_clock(state_->database.get());
  if (!kept || kept->last()) return kept;
  const Result<std::int64_t> latest = state_->edge("max");
  if (!latest) return latest.error();
  if (*latest == 0) return kept;
  return LivedTime(LivedTime::Moment{"", *latest, 0}, {});
}

Result<void> HistoryStore::keep(const LivedTime& lived) {
  sqlite3* const database = state_->database.get();
  Result<Transaction> transaction = Transaction::begin(database, kWriting);
  if (!transaction) return transaction.error();
  if (const auto kept = keep_clock(database, lived); !kept) return kept;
  return transaction->commit();
}

Result<void> HistoryStore::maintain(std::int64_t now_ms, const LivedTime& lived) {
  State& s = *state_;
  sqlite3* const database = s.database.get();
  {
    Result<Transaction> transaction = Transaction::begin(database, kWriting);
    if (!transaction) return transaction.error();
    const std::array<std::int64_t, 3> ages = {s.limits.seconds_for.count(),
                                              s.limits.minutes_for.count(), s.limits.keep.count()};
    for (std::size_t level = 0; level < kLevels.size(); ++level) {
      if (const auto merged = s.merge(level, lived.back(now_ms, ages[level])); !merged)
        return merged;
    }
    if (const auto thinned = s.thin_and_delete(now_ms, lived); !thinned) return thinned;
    const std::int64_t raised_before = lived.back(now_ms, s.limits.keep_alerts.count());
    if (const auto deleted = delete_alerts(database, raised_before); !deleted) return deleted;
    if (const auto done = transaction->commit(); !done) return done;
  }
  // A clock that was set back leaves rows of the future: years ahead, they would make a tenth of
  // all that is not. They count when the rest has been thinned in vain.
  constexpr int kMaxRounds = 30, kRoundsOfThePast = 10;
  for (int round = 0;; ++round) {
    if (const auto given_back = execute(database, kWriting, "PRAGMA incremental_vacuum");
        !given_back) {
      return given_back;
    }
    const Result<std::uint64_t> bytes = s.bytes();
    if (!bytes) return bytes.error();
    if (*bytes <= s.limits.max_bytes || round == kMaxRounds) break;
    const std::int64_t until_ms =
        round < kRoundsOfThePast ? now_ms : std::numeric_limits<std::int64_t>::max();
    if (const auto deleted = s.delete_oldest(until_ms, lived); !deleted) return deleted;
  }
  std::string names = "DELETE FROM process WHERE 1";
  for (const char* table : kTimed) {
    names += fmt::format(" AND id NOT IN (SELECT process FROM {})", table);
  }
  s.ids.clear();  // some of them may be gone
  if (const auto deleted = execute(database, kWriting, names); !deleted) return deleted;
  return execute(database, kWriting, "PRAGMA wal_checkpoint(TRUNCATE)");
}

Result<void> HistoryStore::save(const std::vector<alerts::Alert>& alerts) {
  sqlite3* const database = state_->database.get();
  Result<Transaction> transaction = Transaction::begin(database, kWriting);
  if (!transaction) return transaction.error();
  for (const alerts::Alert& alert : alerts) {
    if (const auto saved = save_alert(database, alert, state_->boot); !saved) return saved;
  }
  return transaction->commit();
}

Result<std::vector<KeptAlert>> HistoryStore::find_alerts(const AlertQuestion& question) {
  return history::find_alerts(state_->database.get(), question, state_->boot);
}

Result<std::map<SiteId, SiteName>> HistoryStore::find_names(const std::vector<SiteId>& sites) {
  return history::find_names(state_->database.get(), sites);
}

Result<ConsumerHistory> HistoryStore::find_consumers(const ConsumerQuestion& question) {
  return history::find_consumers(state_->database.get(), question);
}

Result<std::vector<Operation>> HistoryStore::find_operations(const Question& question) {
  return history::find_operations(state_->database.get(), question);
}

Result<std::vector<ProcessSample>> HistoryStore::ask(const Question& question) {
  std::string sql;
  for (const Level& level : kLevels) {
    sql += fmt::format(
        "{}SELECT p.pid, p.start, p.name, s.time, {} AS span, s.rss, s.rss_max, s.live, "
        "s.live_max, s.allocations, s.large, s.failed FROM {} s JOIN process p ON p.id = s.process "
        "WHERE s.time >= ?1{}{}",
        sql.empty() ? "" : " UNION ALL ", level.span_ms, level.table,
        question.pid ? " AND p.pid = ?2" : "", question.name ? " AND p.name = ?3" : "");
  }
  sql += " ORDER BY 4 DESC, 1 DESC LIMIT ?4";
  Result<Statement> statement = Statement::prepare(state_->database.get(), kReading, sql.c_str());
  if (!statement) return statement.error();
  statement->bind(1, question.since_ms);
  if (question.pid) statement->bind(2, std::int64_t{*question.pid});
  if (question.name) statement->bind(3, *question.name);
  statement->bind(4, std::min(question.count, kMaxAnswers));
  std::vector<ProcessSample> answers;
  while (true) {
    const Result<bool> row = statement->step();
    if (!row) return row.error();
    if (!*row) break;
    ProcessSample answer;
    answer.process.pid = static_cast<pid_t>(statement->integer(0));
    answer.process.start_ticks = static_cast<std::uint64_t>(statement->integer(1));
    answer.process.name = statement->text(2);
    answer.sample.time_ms = statement->integer(3);
    answer.sample.span_ms = statement->integer(4);
    answer.sample.rss = statement->optional(5).value_or(0U);
    answer.sample.rss_max = statement->optional(6).value_or(0U);
    answer.sample.live = statement->optional(7);
    answer.sample.live_max = statement->optional(8);
    answer.sample.allocations = statement->optional(9).value_or(0U);
    answer.sample.large = statement->optional(10).value_or(0U);
    answer.sample.failed = statement->optional(11).value_or(0U);
    answers.push_back(std::move(answer));
  }
  std::reverse(answers.begin(), answers.end());
  return answers;
}

}  // namespace memwatch::history
