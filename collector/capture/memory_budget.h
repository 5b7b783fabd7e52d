// Counts the memory a session being read takes, about, and refuses what no real session of this
// file size would need: a few kilobytes of hostile bytes must not become gigabytes.
#pragma once

#include <cstdint>

#include "collector/capture/damage.h"
#include "collector/capture/session_format.h"

namespace memwatch::capture {

class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t file_bytes)
      : left_(kMemorySlackBytes +
              (file_bytes < kLargestFile ? file_bytes : kLargestFile) * kMemoryPerFileByte) {}

  // Throws Damage when the budget is spent.
  void charge(std::uint64_t bytes) {
    if (bytes > left_) throw Damage{"it holds more than a file of this size can"};
    left_ -= bytes;
  }

 private:
  static constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 50;  // keeps the product exact
  std::uint64_t left_;
};

}  // namespace memwatch::capture
