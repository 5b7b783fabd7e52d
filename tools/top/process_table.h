// The processes that run, in an order, one of them chosen; and how fast each allocates, which is
// the difference between two answers of the daemon. One owner, not thread-safe. No errors.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "collector/daemon/status.h"

namespace memwatch::top {

enum class SortKey : std::uint8_t { heap, rss, rate, pid, name };

struct Row {
  daemon::ProcessStatus process;
  std::optional<double> rate;  // allocations per second; of recorded ones, once seen twice
};

class ProcessTable {
 public:
  // What the daemon says now; processes that have ended are left out.
  void update(daemon::Status status);

  // The largest first; names and pids in their order. By the same key again: the other way round.
  void sort_by(SortKey key);
  [[nodiscard]] SortKey sorted_by() const { return key_; }
  [[nodiscard]] bool is_reversed() const { return reversed_; }

  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  // Everything else of the last answer; its processes are in the rows.
  [[nodiscard]] const daemon::Status& status() const { return status_; }

  // The chosen row; it stays with its process, and with its place when that has ended.
  [[nodiscard]] std::size_t chosen() const { return chosen_; }
  [[nodiscard]] const Row* chosen_row() const;
  // By so many rows, no further than the ends.
  void move(long rows);

 private:
  void sort();

  SortKey key_ = SortKey::heap;
  bool reversed_ = false;
  std::vector<Row> rows_;
  daemon::Status status_;
  std::size_t chosen_ = 0;
};

}  // namespace memwatch::top
