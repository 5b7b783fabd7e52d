// The memory of a process as the reachability scan sees it: bytes that may or may not be there.
// Implemented by the memory of a real process and, in tests, by synthetic ones.
// Not thread-safe. Errors: what cannot be read is simply shorter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace memwatch::reachability {

struct Range {
  std::uint64_t start = 0, end = 0;  // [start, end)
};

class Memory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  virtual ~Memory() = default;

  // Copies up to `size` bytes from `address`; returns how many were readable in one piece from
  // there, 0 if not even the first.
  virtual std::size_t read(std::uint64_t address, void* to, std::size_t size) = 0;

  // The first stretch within [start, end) that is worth reading, page-aligned but for the range's
  // own ends; empty where there is none. What lies outside of stretches is unmapped or was never
  // touched.
  virtual Range next_present(std::uint64_t start, std::uint64_t end) = 0;

  std::optional<std::uint64_t> word(std::uint64_t address) {
    std::uint64_t value = 0;
    if (read(address, &value, sizeof value) != sizeof value) return std::nullopt;
    return value;
  }
};

}  // namespace memwatch::reachability
