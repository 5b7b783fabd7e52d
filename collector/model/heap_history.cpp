#include "collector/model/heap_history.h"

#include <algorithm>
#include <cmath>

namespace memwatch::model {

void HeapHistory::add_least(std::uint32_t site, std::uint64_t bytes) {
  if (site < row_of_site_.size() && row_of_site_[site] != 0) {
    rows_[row_of_site_[site] - 1].least[epochs_.size()] = static_cast<float>(bytes);
  } else if (bytes >= least_followed_) {
    follow(site, bytes);
  }
}

// In the epochs before it was below the least size: that counts as nothing.
void HeapHistory::follow(std::uint32_t site, std::uint64_t bytes) {
  if (rows_.size() >= kMaxSites) drop_small_rows();
  if (bytes < least_followed_) return;
  if (site >= row_of_site_.size()) row_of_site_.resize(site + site / 2 + 64);
  rows_.emplace_back();
  rows_.back().site = site;
  rows_.back().least[epochs_.size()] = static_cast<float>(bytes);
  row_of_site_[site] = static_cast<std::uint32_t>(rows_.size());
}

void HeapHistory::drop_small_rows() {
  while (rows_.size() >= kMaxSites) {
    least_followed_ *= 2;
    std::erase_if(rows_, [this](const Row& row) {
      const float largest = *std::max_element(row.least.begin(), row.least.end());
      if (largest >= static_cast<float>(least_followed_)) return false;
      row_of_site_[row.site] = 0;
      return true;
    });
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    row_of_site_[rows_[i].site] = static_cast<std::uint32_t>(i + 1);
  }
}

void HeapHistory::add_epoch(const HeapEpoch& epoch) {
  epochs_.push_back(epoch);
  next_at_ = epoch.end + length_;
}

// After the end of a cohort: a merge leaves whole cohorts.
void HeapHistory::add_cost(double seconds) {
  constexpr double kTimes = 100;
  cohort_cost_ += seconds;
  if (!is_cohort_full()) return;
  const double least = kTimes * cohort_cost_ / static_cast<double>(kEpochsPerCohort);
  cohort_cost_ = 0;
  if (least <= length_) return;
  next_at_ += least - length_;
  length_ = least;
}

void HeapHistory::Look::finish() {
  for (std::size_t row = 0; row < history_.rows_.size(); ++row) {
    Row& to = history_.rows_[row];
    to.first = to.second;
    for (std::size_t i = 0; i < kCohorts; ++i) {
      to.second[i] = static_cast<float>(sums_[row * kCohorts + i]);
    }
  }
  history_.looks_ = {history_.looks_[1], history_.epochs_.size()};
}

bool HeapHistory::merge_if_full() {
  if (epochs_.size() < kEpochs) return false;
  for (std::size_t i = 0; i < kEpochs / 2; ++i) {
    const std::uint64_t least =
        std::min(epochs_[2 * i].least_bytes, epochs_[2 * i + 1].least_bytes);
    epochs_[i] = epochs_[2 * i + 1];
    epochs_[i].least_bytes = least;
  }
  epochs_.resize(kEpochs / 2);
  for (Row& row : rows_) {
    for (std::size_t i = 0; i < kEpochs / 2; ++i) {
      row.least[i] = std::min(row.least[2 * i], row.least[2 * i + 1]);
    }
    std::fill(row.least.begin() + kEpochs / 2, row.least.end(), 0.0F);
    for (Survivors* survivors : {&row.first, &row.second}) {
      for (std::size_t i = 0; i < kCohorts / 2; ++i) {
        (*survivors)[i] = (*survivors)[2 * i] + (*survivors)[2 * i + 1];
      }
      std::fill(survivors->begin() + kCohorts / 2, survivors->end(), 0.0F);
    }
  }
  for (std::uint64_t& look : looks_) look /= 2;
  length_ *= 2;
  return true;
}

void HeapHistory::write_down(Process& facts) const {
  facts.epochs = epochs_;
  facts.survivor_looks = looks_;
  facts.site_epochs.clear();
  // Growth from the first fifth to the last: beginning and end of a run prove nothing.
  const std::size_t count = epochs_.size(), first = count / 5, last = count - 1 - count / 10;
  std::vector<std::pair<float, const Row*>> grown;
  for (const Row& row : rows_) {
    if (count < 5) break;
    const float growth = row.least[last] - row.least[first];
    if (growth > 0) grown.emplace_back(growth, &row);
  }
  const auto by_growth = [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second->site < b.second->site;
  };
  const std::size_t kept = std::min(grown.size(), kSitesWrittenDown);
  std::partial_sort(grown.begin(), grown.begin() + static_cast<std::ptrdiff_t>(kept), grown.end(),
                    by_growth);
  grown.resize(kept);
  for (const auto& [growth, row] : grown) {
    for (std::size_t i = 0; i < count; ++i) {
      SiteEpoch epoch;
      epoch.stack = facts.sites[row->site].stack;
      epoch.epoch = static_cast<std::uint32_t>(i);
      epoch.least_bytes = static_cast<std::uint64_t>(row->least[i]);
      // A cohort that is still being born stands with its latest epoch.
      if (i % kEpochsPerCohort == kEpochsPerCohort - 1 || i + 1 == count) {
        epoch.survived_first = static_cast<std::uint64_t>(row->first[i / kEpochsPerCohort]);
        epoch.survived_second = static_cast<std::uint64_t>(row->second[i / kEpochsPerCohort]);
      }
      if (epoch.least_bytes + epoch.survived_first + epoch.survived_second > 0) {
        facts.site_epochs.push_back(epoch);
      }
    }
  }
}

}  // namespace memwatch::model
