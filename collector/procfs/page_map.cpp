#include "collector/procfs/page_map.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>

#include "collector/procfs/text.h"

namespace memwatch::procfs {

namespace {

constexpr std::uint64_t kPresent = 1ULL << 63;

}  // namespace

std::uint64_t ResidentPages::bytes_in(std::uint64_t from, std::uint64_t to) const {
  from = std::max(from, start);
  to = std::min(to, end());
  if (from >= to) return 0;
  const std::size_t first = (from - start) / page_bytes, last = (to - 1 - start) / page_bytes;
  const auto is_present = [this](std::size_t page) { return (bits[page / 64] >> page % 64 & 1U); };
  if (first == last) return is_present(first) ? to - from : 0;
  std::uint64_t bytes = 0;
  if (is_present(first)) bytes += start + (first + 1) * page_bytes - from;
  if (is_present(last)) bytes += to - (start + last * page_bytes);
  std::uint64_t between = 0;
  for (std::size_t page = first + 1; page < last;) {
    const std::size_t in_word = std::min<std::size_t>(64 - page % 64, last - page);
    const std::uint64_t mask = in_word == 64 ? ~0ULL : ((1ULL << in_word) - 1) << page % 64;
    between += static_cast<std::uint64_t>(std::popcount(bits[page / 64] & mask));
    page += in_word;
  }
  return bytes + between * page_bytes;
}

PageMap::PageMap(pid_t pid, const std::string& proc_root)
    : file_(open(process_path(proc_root, pid, "pagemap").c_str(), O_RDONLY | O_CLOEXEC)) {}

std::optional<ResidentPages> PageMap::read(std::uint64_t start, std::uint64_t end) const {
  if (!file_.is_open() || start >= end) return std::nullopt;
  ResidentPages found;
  found.page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  found.start = start;
  found.pages = (end - start) / found.page_bytes;
  found.bits.assign((found.pages + 63) / 64, 0);
  std::array<std::uint64_t, 8192> entries{};
  for (std::size_t page = 0; page < found.pages;) {
    const std::size_t wanted = std::min(entries.size(), found.pages - page);
    const ssize_t got =
        pread(file_.get(), entries.data(), wanted * sizeof entries[0],
              static_cast<off_t>((start / found.page_bytes + page) * sizeof entries[0]));
    if (got < static_cast<ssize_t>(sizeof entries[0])) return std::nullopt;
    const std::size_t count = static_cast<std::size_t>(got) / sizeof entries[0];
    for (std::size_t i = 0; i < count; ++i, ++page) {
      if ((entries[i] & kPresent) != 0) found.bits[page / 64] |= 1ULL << page % 64;
    }
  }
  return found;
}

}  // namespace memwatch::procfs
