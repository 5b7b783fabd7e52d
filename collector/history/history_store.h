// The history's database. One owner, one thread: SQLite's connection is used by nobody else, so
// that writer and reader never meet. What was written is on disk in the sense of the write-ahead
// log: a killed daemon loses what it had not yet written, a power cut may cost the last moments,
// neither damages the file.
//
// Errors: kind damaged for a file that is no database, or is broken, or was made by a newer
// memwatch; kind system for what the disk does not allow.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collector/base/result.h"
#include "collector/history/consumer.h"
#include "collector/history/lived_time.h"
#include "collector/history/operation.h"
#include "collector/history/sample.h"

namespace memwatch::history {

struct Limits {
  std::chrono::milliseconds seconds_for{std::chrono::hours(1)};        // a sample each second
  std::chrono::milliseconds minutes_for{std::chrono::hours(24)};       // one each minute
  std::chrono::milliseconds keep{std::chrono::hours(7 * 24)};          // one each ten minutes
  std::uint64_t max_bytes = 256U << 20;                                // of the database file
  std::chrono::milliseconds keep_alerts{std::chrono::hours(30 * 24)};  // after they were raised
  // Consumers: what is written in the time of seconds; then a round each ten minutes in the time of
  // minutes, and one each hour as long as samples are kept.
  std::chrono::milliseconds keep_operations{std::chrono::hours(24)};
};

// What is written at one time.
struct Batch {
  std::vector<ProcessSample> samples;
  std::vector<Operation> operations;
  std::vector<ConsumerRound> rounds;

  Batch() = default;
  Batch(std::vector<ProcessSample> given) : samples(std::move(given)) {}
  Batch(std::initializer_list<ProcessSample> given) : samples(given) {}
  [[nodiscard]] bool is_empty() const {
    return samples.empty() && operations.empty() && rounds.empty();
  }
};

class HistoryStore {
 public:
  // Opens or makes the file, and looks through it for damage. `boot`: what tells this start of the
  // machine from others, since pids and start ticks repeat.
  static Result<HistoryStore> open(const std::string& path, const std::string& boot, Limits limits);
  HistoryStore(HistoryStore&&) noexcept;
  HistoryStore& operator=(HistoryStore&&) noexcept;
  ~HistoryStore();

  // All or nothing. Answers with the sites of its rounds that have no name yet.
  Result<std::vector<SiteId>> append(const Batch& batch);

  Result<void> name_sites(const std::vector<std::pair<SiteId, SiteName>>& names);

  // Each in the place of the one with its id, all or none.
  Result<void> save(const std::vector<alerts::Alert>& alerts);
  Result<std::vector<KeptAlert>> find_alerts(const AlertQuestion& question);

  // Merges and deletes what has aged, `now_ms` being the present, and keeps the file within bounds.
  Result<void> maintain(std::int64_t now_ms, const LivedTime& lived = {});

  // What was kept of the clock; of a file that has none, its latest row is all that is known.
  Result<LivedTime> lived_time();
  Result<void> keep(const LivedTime& lived);

  Result<std::vector<ProcessSample>> ask(const Question& question);
  Result<std::map<SiteId, SiteName>> find_names(const std::vector<SiteId>& sites);
  Result<ConsumerHistory> find_consumers(const ConsumerQuestion& question);
  Result<std::vector<Operation>> find_operations(const Question& question);

  [[nodiscard]] Result<std::uint64_t> bytes();  // of the database file

 private:
  struct State;
  explicit HistoryStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace memwatch::history
