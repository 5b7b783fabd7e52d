#include "collector/reachability/twin_memory.h"

#include <algorithm>

namespace memwatch::reachability {

namespace {

// The first range that ends beyond the address.
std::vector<Range>::const_iterator next_of(const std::vector<Range>& ranges,
                                           std::uint64_t address) {
  return std::upper_bound(ranges.begin(), ranges.end(), address,
                          [](std::uint64_t at, const Range& range) { return at < range.end; });
}

}  // namespace

std::size_t TwinMemory::read(std::uint64_t address, void* to, std::size_t size) {
  const std::vector<Range>& covered = copy_.covered();
  std::size_t done = 0;
  while (done < size) {
    const std::uint64_t at = address + done;
    auto* const target = static_cast<unsigned char*>(to) + done;
    const auto next = next_of(covered, at);
    std::uint64_t part = size - done;
    std::size_t got = 0;
    if (next != covered.end() && next->start <= at) {
      part = std::min(part, next->end - at);
      got = copy_.read(at, target, part);
    } else {
      if (next != covered.end()) part = std::min(part, next->start - at);
      got = twin_.read(at, target, part);
    }
    done += got;
    if (got < part) break;
  }
  return done;
}

Range TwinMemory::next_present(std::uint64_t start, std::uint64_t end) {
  const std::vector<Range>& covered = copy_.covered();
  for (std::uint64_t at = start; at < end;) {
    const auto next = next_of(covered, at);
    const bool is_copied = next != covered.end() && next->start <= at;
    std::uint64_t until = end;
    if (next != covered.end()) until = std::min(end, is_copied ? next->end : next->start);
    const Range found = is_copied ? copy_.next_present(at, until) : twin_.next_present(at, until);
    if (found.start < found.end) return found;
    at = until;
  }
  return {};
}

}  // namespace memwatch::reachability
