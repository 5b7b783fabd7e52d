// What a process's heap and its sites held over the run, in bounded memory: the least live bytes of
// each epoch, because what is never freed shows in the troughs and not in the totals, and how much
// of what was allocated in each cohort of epochs survived.
//
//   epochs    |0|1|2|3|4|5|6|7| …  |62|63|     full: 2k and 2k + 1 become k, with the lesser
//   trough, cohorts   |   0   |   1   | …  |  15 |     and epochs from now on are twice as long
//
// So there are 32 to 64 epochs however long the run is, and 8 to 16 cohorts. Survivors are counted
// at the end of each cohort; the last two looks are kept, so that one of them lies before the run's
// tail, in which everything may be freed, and the other says whether what was old went on dying.
//
// Sites below 1 KiB are not followed; when 8192 are, the least size rises (a row of 388 bytes for
// each, 3 MiB in all). Ending an epoch is a walk over the sites, ending a cohort one over the live
// blocks as well. The owner says how long each took, and epochs from the next cohort on are so long
// that ending them would have taken a hundredth of that time.
// One owner, not thread-safe. Units: bytes, seconds since the session's start.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::model {

class HeapHistory {
 public:
  static constexpr std::size_t kEpochs = 64, kCohorts = kEpochs / kEpochsPerCohort;
  static constexpr std::size_t kMaxSites = 8192;
  static constexpr std::size_t kSitesWrittenDown = 256;  // those that grew most
  static constexpr std::uint64_t kLeastBytes = 1024;
  static constexpr double kFirstLength = 0.05;  // of an epoch, seconds

  [[nodiscard]] bool is_due(double at) const { return at >= next_at_; }
  // Of blocks that are allocated now; below kCohorts.
  [[nodiscard]] std::uint32_t cohort() const {
    return static_cast<std::uint32_t>(epochs_.size() / kEpochsPerCohort);
  }

  // An epoch ends, in this order: each site's least bytes, the epoch itself, where a cohort is full
  // its survivors, merge_if_full(), and at last, if it is measured, how long all that took.
  void add_least(std::uint32_t site, std::uint64_t bytes);
  void add_epoch(const HeapEpoch& epoch);
  [[nodiscard]] bool is_cohort_full() const { return epochs_.size() % kEpochsPerCohort == 0; }
  // Survivors of one look; add() for each live block.
  class Look {
   public:
    explicit Look(HeapHistory& history)
        : history_(history), sums_(history.rows_.size() * kCohorts) {}
    void add(std::uint32_t site, std::uint32_t cohort, std::uint64_t bytes) {
      if (site >= history_.row_of_site_.size() || history_.row_of_site_[site] == 0) return;
      sums_[(history_.row_of_site_[site] - 1) * kCohorts + cohort] += bytes;
    }
    void finish();

   private:
    HeapHistory& history_;
    std::vector<std::uint64_t> sums_;
  };
  // True when epochs were merged: then blocks' cohorts have to be halved.
  bool merge_if_full();

  void add_cost(double seconds);

  // Into epochs, site_epochs and survivor_looks.
  void write_down(Process& facts) const;

 private:
  using Survivors = std::array<float, kCohorts>;
  // Floats: a trend of a thousand bytes shows beside ten gigabytes, and a row is half as long.
  struct Row {
    std::uint32_t site = 0;
    std::array<float, kEpochs> least{};
    Survivors first{}, second{};
  };
  static_assert(sizeof(Row) == 388);

  void follow(std::uint32_t site, std::uint64_t bytes);
  void drop_small_rows();

  std::vector<HeapEpoch> epochs_;
  std::vector<Row> rows_;
  std::vector<std::uint32_t> row_of_site_;  // row + 1
  std::array<std::uint64_t, 2> looks_{};
  std::uint64_t least_followed_ = kLeastBytes;
  double length_ = kFirstLength;
  double next_at_ = 0;
  double cohort_cost_ = 0;
};

}  // namespace memwatch::model
