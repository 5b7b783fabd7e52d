#include "collector/reachability/process_memory.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace memwatch::reachability {

namespace {

constexpr std::uint64_t kPage = 4096;
// Shorter ranges are read whole: asking which of their pages exist would cost more.
constexpr std::uint64_t kLongRange = std::uint64_t{1} << 20;

// Entries of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst).
constexpr std::uint64_t kPresent = 1ULL << 63, kSwapped = 1ULL << 62, kFilePage = 1ULL << 61;

UniqueFd open_of(pid_t pid, const char* name) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  return UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace

ProcessMemory::ProcessMemory(pid_t pid, int descriptor, std::vector<procfs::MemoryMapping> maps)
    : pid_(pid),
      descriptor_(descriptor),
      page_map_(open_of(pid, "pagemap")),
      maps_(std::move(maps)) {
  if (descriptor_ < 0) {
    own_descriptor_ = open_of(pid, "mem");
    descriptor_ = own_descriptor_.get();
  }
}

std::size_t ProcessMemory::read(std::uint64_t address, void* to, std::size_t size) {
  ssize_t got = 0;
  if (descriptor_ >= 0) {
    if (address > static_cast<std::uint64_t>(INT64_MAX)) return 0;
    got = pread(descriptor_, to, size, static_cast<off_t>(address));
  } else {
    const iovec local{to, size};
    const iovec remote{reinterpret_cast<void*>(address), size};  // NOLINT: not ours to follow
    got = process_vm_readv(pid_, &local, 1, &remote, 1, 0);
  }
  if (got < 0) last_error_.store(errno, std::memory_order_relaxed);
  return got < 0 ? 0 : static_cast<std::size_t>(got);
}

std::string ProcessMemory::why_unreadable() {
  for (const procfs::MemoryMapping& mapping : maps_) {
    if (!mapping.readable || !mapping.writable) continue;
    if (word(mapping.start)) return {};
  }
  if (maps_.empty()) return "its mappings cannot be read";
  return "its memory cannot be read: " +
         std::generic_category().message(last_error_.load(std::memory_order_relaxed));
}

Range ProcessMemory::touched_part(const procfs::MemoryMapping& mapping, Range range) {
  std::array<std::uint64_t, 4096> entries{};
  std::uint64_t page = range.start / kPage;
  const std::uint64_t last = (range.end + kPage - 1) / kPage;
  Range found;
  while (page < last) {
    const std::size_t wanted = std::min<std::uint64_t>(entries.size(), last - page);
    const ssize_t got = pread(page_map_.get(), entries.data(), wanted * sizeof entries[0],
                              static_cast<off_t>(page * sizeof entries[0]));
    if (got < static_cast<ssize_t>(sizeof entries[0])) return range;  // it does not tell
    const std::size_t count = static_cast<std::size_t>(got) / sizeof entries[0];
    for (std::size_t i = 0; i < count; ++i, ++page) {
      const std::uint64_t entry = entries[i];
      // Pages of a file that the process never wrote to cannot hold addresses of its heap.
      const bool wanted_page = (entry & (kPresent | kSwapped)) != 0 &&
                               (mapping.shared || !mapping.is_file() || (entry & kFilePage) == 0);
      if (wanted_page && found.end == 0) found.start = page * kPage;
      if (wanted_page) found.end = (page + 1) * kPage;
      constexpr std::uint64_t kSmallHole = 8;  // is read along
      if (!wanted_page && found.end != 0 && page - found.end / kPage >= kSmallHole) {
        page = last;
        break;
      }
    }
  }
  return {std::max(found.start, range.start), std::min(found.end, range.end)};
}

Range ProcessMemory::next_present(std::uint64_t start, std::uint64_t end) {
  auto mapping =
      std::upper_bound(maps_.begin(), maps_.end(), start,
                       [](std::uint64_t at, const procfs::MemoryMapping& m) { return at < m.end; });
  for (; mapping != maps_.end() && mapping->start < end; ++mapping) {
    if (!mapping->readable) continue;
    Range range{std::max(start, mapping->start), std::min(end, mapping->end)};
    if (range.end - range.start >= kLongRange && page_map_.is_open()) {
      range = touched_part(*mapping, range);
    }
    if (range.start < range.end) return range;
  }
  return {};
}

}  // namespace memwatch::reachability
