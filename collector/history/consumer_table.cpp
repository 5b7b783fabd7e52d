#include "collector/history/consumer_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "collector/history/sqlite.h"

namespace memwatch::history {

namespace {

constexpr const char* kWriting = "write the history";
constexpr const char* kReading = "read the history";

// All 64 bits, where SQLite has signed numbers alone.
std::int64_t stored(SiteId site) {
  return static_cast<std::int64_t>(site);
}

struct Site {
  std::int64_t row = 0;
  bool is_named = false;
};

Result<Site> row_of(sqlite3* database, const Consumer& consumer) {
  for (const char* sql : {"INSERT OR IGNORE INTO site(identity, named, function, file, line, "
                          "module, stack) VALUES(?1, 0, '', '', 0, ?2, '')",
                          "SELECT id, named FROM site WHERE identity = ?1"}) {
    Result<Statement> statement = Statement::prepare(database, kWriting, sql);
    if (!statement) return statement.error();
    statement->bind(1, stored(consumer.site));
    if (sql[0] == 'I') statement->bind(2, consumer.module);
    const Result<bool> row = statement->step();
    if (!row) return row.error();
    if (*row) return Site{statement->integer(0), statement->integer(1) != 0};
  }
  return Error{ErrorKind::damaged, kWriting, "site", "one that was added is not there", {}};
}

// What a question leaves of rounds and processes, as a condition; ?1 to ?3.
std::string condition(const Question& question) {
  std::string sql = "r.time >= ?1";
  if (question.pid) sql += " AND p.pid = ?2";
  if (question.name) sql += " AND p.name = ?3";
  return sql;
}

std::string rounds_sql(const ConsumerQuestion& asked) {
  constexpr const char* kColumns =
      "SELECT r.id, p.pid, p.start, p.name, r.time, r.sampled, r.live, r.blocks, r.peak, r.sites, "
      "r.since, r.whole ";
  constexpr const char* kOrder = " ORDER BY r.time DESC, p.pid DESC, r.id DESC LIMIT ?4";
  if (!asked.ends_alone) {
    return fmt::format("{}FROM round r JOIN process p ON p.id = r.process WHERE {}{}", kColumns,
                       condition(asked.question), kOrder);
  }
  return fmt::format(
      "WITH latest AS (SELECT r.process AS process, max(r.time) AS last FROM round r "
      "JOIN process p ON p.id = r.process WHERE {} GROUP BY r.process), "
      "ends AS (SELECT l.process AS process, l.last AS last, (SELECT min(f.time) FROM round f "
      "WHERE f.process = l.process AND f.since = x.since AND f.time >= ?1) AS first, "
      "(SELECT max(b.time) FROM round b WHERE b.process = l.process AND b.since = x.since AND "
      "b.time < ?1) AS base "
      "FROM latest l JOIN round x ON x.process = l.process AND x.time = l.last) "
      "{}FROM ends e JOIN round r ON r.process = e.process AND "
      "(r.time = e.last OR r.time = ifnull(e.base, e.first)) JOIN process p ON p.id = e.process{}",
      condition(asked.question), kColumns, kOrder);
}

Result<void> read_consumers(Statement& statement, std::int64_t row, ConsumerRound& round,
                            std::set<SiteId>& sites) {
  statement.bind(1, row);
  while (true) {
    const Result<bool> found = statement.step();
    if (!found) return found.error();
    if (!*found) return {};
    const auto number = [&](int column) { return statement.optional(column).value_or(0U); };
    Consumer consumer;
    consumer.site = static_cast<SiteId>(statement.integer(0));
    consumer.module = statement.text(1);
    consumer.live_bytes = number(2);
    consumer.live_blocks = number(3);
    consumer.allocated_bytes = number(4);
    consumer.calls = number(5);
    consumer.peak_bytes = number(6);
    consumer.live_deviation = number(7);
    sites.insert(consumer.site);
    round.consumers.push_back(std::move(consumer));
  }
}

// Of all sites, or of those that have been named alone.
Result<void> read_names(sqlite3* database, const std::set<SiteId>& sites, bool named_alone,
                        std::map<SiteId, SiteName>& names) {
  Result<Statement> statement = Statement::prepare(
      database, kReading,
      "SELECT function, file, line, module, stack FROM site WHERE identity = ?1 AND named >= ?2");
  if (!statement) return statement.error();
  for (const SiteId site : sites) {
    const Result<bool> row =
        statement->bind(1, stored(site)).bind(2, std::int64_t{named_alone ? 1 : 0}).step();
    if (!row) return row.error();
    if (!*row) continue;
    SiteName& name = names[site];
    name.function = statement->text(0);
    name.file = statement->text(1);
    name.line = static_cast<std::uint32_t>(statement->integer(2));
    name.module = statement->text(3);
    name.stack = statement->text(4);
    if (const auto done = statement->run(); !done) return done;  // it starts from the beginning
  }
  return {};
}

}  // namespace

// What belongs to a round goes with it. An old one is known by its time, never by its number, so
// numbers may be used again.
const char* const kMakeConsumerTables =
    "CREATE TABLE site(id INTEGER PRIMARY KEY, identity INTEGER NOT NULL UNIQUE, "
    "named INTEGER NOT NULL, function TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL, "
    "module TEXT NOT NULL, stack TEXT NOT NULL); "
    "CREATE TABLE round(id INTEGER PRIMARY KEY, process INTEGER NOT NULL, time INTEGER NOT NULL, "
    "sampled INTEGER NOT NULL, live INTEGER NOT NULL, blocks INTEGER NOT NULL, "
    "peak INTEGER NOT NULL, sites INTEGER NOT NULL, since INTEGER NOT NULL, "
    "whole INTEGER NOT NULL, UNIQUE(process, time)); "
    "CREATE INDEX round_time ON round(time); "
    "CREATE TABLE consumer(round INTEGER NOT NULL, site INTEGER NOT NULL, live INTEGER NOT NULL, "
    "blocks INTEGER NOT NULL, allocated INTEGER NOT NULL, calls INTEGER NOT NULL, "
    "peak INTEGER NOT NULL, deviation INTEGER NOT NULL, PRIMARY KEY(round, site)) WITHOUT ROWID; "
    "CREATE TRIGGER round_deleted AFTER DELETE ON round BEGIN "
    "DELETE FROM consumer WHERE round = OLD.id; END;";

Result<void> insert_round(sqlite3* database, std::int64_t process, const ConsumerRound& round,
                          std::vector<SiteId>* unnamed) {
  Result<Statement> earlier =
      Statement::prepare(database, kWriting, "DELETE FROM round WHERE process = ?1 AND time = ?2");
  if (!earlier) return earlier.error();
  if (const auto done = earlier->bind(1, process).bind(2, round.time_ms).run(); !done) return done;
  Result<Statement> insert = Statement::prepare(
      database, kWriting,
      "INSERT INTO round(process, time, sampled, live, blocks, peak, sites, since, "
      "whole) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  if (!insert) return insert.error();
  const Result<void> inserted = insert->bind(1, process)
                                    .bind(2, round.time_ms)
                                    .bind(3, std::int64_t{round.is_sample ? 1 : 0})
                                    .bind(4, round.live_bytes)
                                    .bind(5, round.live_blocks)
                                    .bind(6, round.peak_bytes)
                                    .bind(7, round.sites)
                                    .bind(8, round.since_ms)
                                    .bind(9, std::int64_t{round.is_whole ? 1 : 0})
                                    .run();
  if (!inserted) return inserted;
  const std::int64_t row = sqlite3_last_insert_rowid(database);
  Result<Statement> consumers = Statement::prepare(
      database, kWriting, "INSERT OR REPLACE INTO consumer VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  if (!consumers) return consumers.error();
  for (const Consumer& consumer : round.consumers) {
    const Result<Site> site = row_of(database, consumer);
    if (!site) return site.error();
    if (!site->is_named) unnamed->push_back(consumer.site);
    const Result<void> done = consumers->bind(1, row)
                                  .bind(2, site->row)
                                  .bind(3, consumer.live_bytes)
                                  .bind(4, consumer.live_blocks)
                                  .bind(5, consumer.allocated_bytes)
                                  .bind(6, consumer.calls)
                                  .bind(7, consumer.peak_bytes)
                                  .bind(8, consumer.live_deviation)
                                  .run();
    if (!done) return done;
  }
  return {};
}

Result<void> name_site(sqlite3* database, SiteId site, const SiteName& name) {
  Result<Statement> statement = Statement::prepare(
      database, kWriting,
      "UPDATE site SET named = 1, function = ?2, file = ?3, line = ?4, module = ?5, stack = ?6 "
      "WHERE identity = ?1");
  if (!statement) return statement.error();
  return statement->bind(1, stored(site))
      .bind(2, name.function)
      .bind(3, name.file)
      .bind(4, std::int64_t{name.line})
      .bind(5, name.module)
      .bind(6, name.stack)
      .run();
}

Result<std::map<SiteId, SiteName>> find_names(sqlite3* database, const std::vector<SiteId>& sites) {
  std::map<SiteId, SiteName> names;
  const Result<void> read = read_names(database, {sites.begin(), sites.end()}, true, names);
  if (!read) return read.error();
  return names;
}

Result<ConsumerHistory> find_consumers(sqlite3* database, const ConsumerQuestion& asked) {
  const Question& question = asked.question;
  Result<Statement> rounds = Statement::prepare(database, kReading, rounds_sql(asked).c_str());
  if (!rounds) return rounds.error();
  rounds->bind(1, question.since_ms);
  if (question.pid) rounds->bind(2, std::int64_t{*question.pid});
  if (question.name) rounds->bind(3, *question.name);
  rounds->bind(4, std::min(question.count, kMostRoundsAsked));
  // In the order of `consumers`.
  Result<Statement> rows = Statement::prepare(
      database, kReading,
      "SELECT s.identity, s.module, c.live, c.blocks, c.allocated, c.calls, c.peak, c.deviation "
      "FROM consumer c JOIN site s ON s.id = c.site WHERE c.round = ?1 "
      "ORDER BY c.live DESC, c.peak DESC, c.allocated DESC, c.calls DESC, c.site");
  if (!rows) return rows.error();
  ConsumerHistory history;
  std::set<SiteId> sites;
  while (true) {
    const Result<bool> row = rounds->step();
    if (!row) return row.error();
    if (!*row) break;
    const auto number = [&](int column) { return rounds->optional(column).value_or(0U); };
    ConsumerRound round;
    round.process.pid = static_cast<pid_t>(rounds->integer(1));
    round.process.start_ticks = static_cast<std::uint64_t>(rounds->integer(2));
    round.process.name = rounds->text(3);
    round.time_ms = rounds->integer(4);
    round.is_sample = rounds->integer(5) != 0;
    round.live_bytes = number(6);
    round.live_blocks = number(7);
    round.peak_bytes = number(8);
    round.sites = number(9);
    round.since_ms = rounds->integer(10);
    round.is_whole = rounds->integer(11) != 0;
    if (const auto read = read_consumers(*rows, rounds->integer(0), round, sites); !read) {
      return read.error();
    }
    history.rounds.push_back(std::move(round));
  }
  std::reverse(history.rounds.begin(), history.rounds.end());
  if (const auto named = read_names(database, sites, false, history.sites); !named)
    return named.error();
  return history;
}

Result<void> thin_rounds(sqlite3* database, std::int64_t before_ms, std::int64_t span_ms) {
  Result<Statement> statement = Statement::prepare(
      database, kWriting,
      "DELETE FROM round WHERE time < ?1 AND id NOT IN (SELECT id FROM (SELECT id, max(time) "
      "FROM round WHERE time < ?1 GROUP BY process, time / ?2))");
  if (!statement) return statement.error();
  before_ms -= before_ms % span_ms;  // whole spans alone
  return statement->bind(1, before_ms).bind(2, span_ms).run();
}

Result<void> delete_rounds(sqlite3* database, std::int64_t before_ms) {
  Result<Statement> statement = Statement::prepare(
      database, kWriting,
      "DELETE FROM round WHERE time < ?1 OR time < (SELECT time FROM round ORDER BY time DESC "
      "LIMIT 1 OFFSET ?2)");
  if (!statement) return statement.error();
  return statement->bind(1, before_ms).bind(2, kMostKeptRounds - 1).run();
}

Result<void> delete_unused_sites(sqlite3* database) {
  return execute(database, kWriting,
                 "DELETE FROM site WHERE id NOT IN (SELECT site FROM consumer)");
}

}  // namespace memwatch::history
