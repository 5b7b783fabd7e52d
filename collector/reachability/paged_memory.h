// Memory of a process for many small looks: whole pages are read and the last few kept, so that
// looks that come in about the order of their addresses cost no system call each. What it shows is
// as old as the page: for memory that stays as it is. Not thread-safe, one per thread; throws
// std::bad_alloc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/reachability/memory.h"

namespace memwatch::reachability {

class PagedMemory : public Memory {
 public:
  explicit PagedMemory(Memory& memory);

  std::size_t read(std::uint64_t address, void* to, std::size_t size) override;
  Range next_present(std::uint64_t start, std::uint64_t end) override {
    return memory_.next_present(start, end);
  }

 private:
  static constexpr std::size_t kPage = 4096, kKept = 64;
  struct Page {
    std::uint64_t address = ~0ULL;
    std::size_t readable = 0;  // bytes from its start on
  };

  Memory& memory_;
  std::array<Page, kKept> pages_;  // each page has one place, by its number
  std::vector<unsigned char> bytes_;
};

}  // namespace memwatch::reachability
