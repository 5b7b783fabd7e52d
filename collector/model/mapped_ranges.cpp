#include "collector/model/mapped_ranges.h"

#include <algorithm>
#include <iterator>

namespace memwatch::model {

namespace {

std::uint64_t end_of(std::uint64_t start, std::uint64_t length) {
  return length > UINT64_MAX - start ? UINT64_MAX : start + length;
}

}  // namespace

std::uint64_t MappedRanges::unmap(std::uint64_t start, std::uint64_t length) {
  const std::uint64_t end = end_of(start, length);
  if (start >= end) return 0;
  std::uint64_t removed = 0;
  auto at = ranges_.lower_bound(start);
  if (at != ranges_.begin() && std::prev(at)->second > start) --at;
  while (at != ranges_.end() && at->first < end) {
    const std::uint64_t from = at->first;
    const std::uint64_t to = at->second;
    at = ranges_.erase(at);
    removed += std::min(to, end) - std::max(from, start);
    if (from < start) ranges_.emplace(from, start);
    if (to > end) at = ranges_.emplace(end, to).first;
  }
  bytes_ -= removed;
  return removed;
}

std::uint64_t MappedRanges::map(std::uint64_t start, std::uint64_t length) {
  const std::uint64_t end = end_of(start, length);
  if (start >= end) return 0;
  const std::uint64_t replaced = unmap(start, length);
  ranges_.emplace(start, end);
  bytes_ += end - start;
  return replaced;
}

}  // namespace memwatch::model
