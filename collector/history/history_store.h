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
#include <memory>
#include <string>
#include <vector>

#include "collector/base/result.h"
#include "collector/history/sample.h"

namespace memwatch::history {

struct Limits {
  std::chrono::milliseconds seconds_for{std::chrono::hours(1)};        // a sample each second
  std::chrono::milliseconds minutes_for{std::chrono::hours(24)};       // one each minute
  std::chrono::milliseconds keep{std::chrono::hours(7 * 24)};          // one each ten minutes
  std::uint64_t max_bytes = 256U << 20;                                // of the database file
  std::chrono::milliseconds keep_alerts{std::chrono::hours(30 * 24)};  // after they were raised
};

class HistoryStore {
 public:
  // Opens or makes the file, and looks through it for damage. `boot`: what tells this start of the
  // machine from others, since pids and start ticks repeat.
  static Result<HistoryStore> open(const std::string& path, const std::string& boot, Limits limits);
  HistoryStore(HistoryStore&&) noexcept;
  HistoryStore& operator=(HistoryStore&&) noexcept;
  ~HistoryStore();

  // All or nothing.
  Result<void> append(const std::vector<ProcessSample>& samples);

  // Each in the place of the one with its id, all or none.
  Result<void> save(const std::vector<alerts::Alert>& alerts);
  Result<std::vector<KeptAlert>> find_alerts(const AlertQuestion& question);

  // Merges and deletes what has aged, `now_ms` being the present, and keeps the file within bounds.
  Result<void> maintain(std::int64_t now_ms);

  Result<std::vector<ProcessSample>> ask(const Question& question);

  [[nodiscard]] Result<std::uint64_t> bytes();  // of the database file

 private:
  struct State;
  explicit HistoryStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace memwatch::history
