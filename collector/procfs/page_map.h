// Which pages of a process are in memory, by /proc/PID/pagemap (Documentation/admin-guide/mm/
// pagemap.rst of Linux). Any thread. A page of zeroes that was read but never written to counts as
// present here, and not in the figures of smaps.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/base/unique_fd.h"

namespace memwatch::procfs {

// Of a part of the address space that begins and ends with pages.
struct ResidentPages {
  std::uint64_t start = 0, page_bytes = 4096;
  std::size_t pages = 0;
  std::vector<std::uint64_t> bits;  // page i: bit i % 64 of word i / 64

  [[nodiscard]] std::uint64_t end() const { return start + pages * page_bytes; }
  // Bytes of [from, to) that lie in present pages; what is outside of this part does not count.
  [[nodiscard]] std::uint64_t bytes_in(std::uint64_t from, std::uint64_t to) const;
};

class PageMap {
 public:
  // Not open where it may not be read.
  explicit PageMap(pid_t pid, const std::string& proc_root = "/proc");
  [[nodiscard]] bool is_open() const { return file_.is_open(); }

  // Both ends on page boundaries. Empty: it cannot be told.
  [[nodiscard]] std::optional<ResidentPages> read(std::uint64_t start, std::uint64_t end) const;

 private:
  UniqueFd file_;
};

}  // namespace memwatch::procfs
