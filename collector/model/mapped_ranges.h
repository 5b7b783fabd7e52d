// The address ranges a process has mapped by its own calls of mmap and its relatives. Ranges may be
// replaced and punched by parts; every operation says how many bytes really changed.
// Addresses and lengths in bytes; callers round to pages. One owner, not thread-safe.
#pragma once

#include <cstdint>
#include <map>

namespace memwatch::model {

class MappedRanges {
 public:
  // Adds [start, start + length); returns the bytes that were mapped there before.
  std::uint64_t map(std::uint64_t start, std::uint64_t length);

  // Removes [start, start + length); returns the bytes that were mapped there.
  std::uint64_t unmap(std::uint64_t start, std::uint64_t length);

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  // start → end, ascending and disjoint.
  [[nodiscard]] const std::map<std::uint64_t, std::uint64_t>& ranges() const { return ranges_; }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // start → end, disjoint
  std::uint64_t bytes_ = 0;
};

}  // namespace memwatch::model
