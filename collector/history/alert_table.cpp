#include "collector/history/alert_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "collector/history/sqlite.h"

namespace memwatch::history {

namespace {

constexpr const char* kWriting = "write the history";
constexpr const char* kReading = "read the history";

// Lists are kept as lines, pairs with a tabulator in between: a glance with sqlite3 shows them.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return line;
}

std::string lines_of(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& line : list) text += one_line(line) + "\n";
  return text;
}

// Calls `use` with each line; what comes after the last line break is none.
template <typename Use>
void each_line(const std::string& text, const Use& use) {
  std::size_t from = 0;
  for (std::size_t end = 0; (end = text.find('\n', from)) != std::string::npos; from = end + 1) {
    use(text.substr(from, end - from));
  }
}

template <typename Use>
void each_pair(const std::string& text, const Use& use) {
  each_line(text, [&](const std::string& line) {
    const std::size_t tab = line.find('\t');
    if (tab != std::string::npos) use(line.substr(0, tab), line.substr(tab + 1));
  });
}

std::optional<double> parse_real(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

alerts::Alert read_row(const Statement& row) {
  alerts::Alert alert;
  alert.id = static_cast<std::uint64_t>(row.integer(0));
  alert.time_ms = row.integer(1);
  alert.type = alerts::type_named(row.text(2)).value_or(alerts::Type::threshold);
  alert.severity = alerts::severity_named(row.text(3)).value_or(alerts::Severity::warning);
  alert.subject = row.text(4);
  alert.process.pid = static_cast<pid_t>(row.integer(5));
  alert.process.start_ticks = static_cast<std::uint64_t>(row.integer(6));
  alert.process.name = row.text(8);
  alert.message = row.text(9);
  each_pair(row.text(10), [&](std::string name, const std::string& value) {
    if (const auto number = parse_real(value)) {
      alert.metrics.emplace_back(std::move(name), *number);
    }
  });
  each_pair(row.text(11), [&](std::string name, std::string value) {
    alert.labels.emplace_back(std::move(name), std::move(value));
  });
  each_line(row.text(12),
            [&](std::string line) { alert.recommendations.push_back(std::move(line)); });
  alert.site.function = row.text(13);
  alert.site.file = row.text(14);
  alert.site.line = static_cast<std::uint32_t>(row.integer(15));
  alert.site.module = row.text(16);
  alert.resolved_ms = row.integer(17);
  alert.is_resolved = alert.resolved_ms != 0;
  alert.resolution = row.text(18);
  alert.suppressed = static_cast<std::uint64_t>(row.integer(19));
  return alert;
}

}  // namespace

const char* const kMakeAlertTable =
    "CREATE TABLE alert(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, type TEXT NOT NULL, "
    "severity TEXT NOT NULL, subject TEXT NOT NULL, pid INTEGER NOT NULL, start INTEGER NOT NULL, "
    "boot TEXT NOT NULL, process TEXT NOT NULL, message TEXT NOT NULL, metrics TEXT NOT NULL, "
    "labels TEXT NOT NULL, recommendations TEXT NOT NULL, function TEXT NOT NULL, "
    "file TEXT NOT NULL, line INTEGER NOT NULL, module TEXT NOT NULL, resolved INTEGER NOT NULL, "
    "resolution TEXT NOT NULL, suppressed INTEGER NOT NULL); "
    "CREATE INDEX alert_time ON alert(time);";

Result<void> save_alert(sqlite3* database, const alerts::Alert& alert, const std::string& boot) {
  Result<Statement> insert = Statement::prepare(
      database, kWriting,
      "INSERT OR REPLACE INTO alert VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
      "?14, ?15, ?16, ?17, ?18, ?19, ?20)");
  if (!insert) return insert.error();
  std::string metrics, labels;
  for (const auto& [name, value] : alert.metrics) metrics += fmt::format("{}\t{}\n", name, value);
  for (const auto& [name, value] : alert.labels) labels += name + "\t" + one_line(value) + "\n";
  insert->bind(1, alert.id)
      .bind(2, alert.time_ms)
      .bind(3, std::string(alerts::type_name(alert.type)))
      .bind(4, std::string(alerts::severity_name(alert.severity)))
      .bind(5, alert.subject)
      .bind(6, std::int64_t{alert.process.pid})
      .bind(7, alert.process.start_ticks)
      .bind(8, boot)
      .bind(9, alert.process.name)
      .bind(10, alert.message)
      .bind(11, metrics)
      .bind(12, labels)
      .bind(13, lines_of(alert.recommendations))
      .bind(14, alert.site.function)
      .bind(15, alert.site.file)
      .bind(16, std::int64_t{alert.site.line})
      .bind(17, alert.site.module)
      // Whoever sets the clock to 1970 still has a resolved alert.
      .bind(18, alert.is_resolved ? std::max<std::int64_t>(alert.resolved_ms, 1) : 0)
      .bind(19, alert.resolution)
      .bind(20, alert.suppressed);
  return insert->run();
}

Result<std::vector<KeptAlert>> find_alerts(sqlite3* database, const AlertQuestion& question,
                                           const std::string& boot) {
  std::string sql = "SELECT * FROM alert WHERE (time >= ?1 OR (resolved = 0 AND ?3))";
  if (question.state == AlertState::active) sql += " AND resolved = 0";
  if (question.state == AlertState::resolved) sql += " AND resolved != 0";
  sql += " ORDER BY id DESC LIMIT ?2";
  Result<Statement> statement = Statement::prepare(database, kReading, sql.c_str());
  if (!statement) return statement.error();
  constexpr std::uint64_t kMost = 100'000;
  statement->bind(1, question.since_ms)
      .bind(2, std::min(question.count, kMost))
      .bind(3, std::int64_t{question.with_older_active ? 1 : 0});
  std::vector<KeptAlert> found;
  while (true) {
    const Result<bool> row = statement->step();
    if (!row) return row.error();
    if (!*row) break;
    found.push_back({read_row(*statement), statement->text(7) == boot});
  }
  std::reverse(found.begin(), found.end());
  return found;
}

Result<void> delete_alerts(sqlite3* database, std::int64_t before_ms) {
  Result<Statement> statement =
      Statement::prepare(database, kWriting, "DELETE FROM alert WHERE time < ?1 AND resolved != 0");
  if (!statement) return statement.error();
  statement->bind(1, before_ms);
  return statement->run();
}

}  // namespace memwatch::history
