#include "collector/reachability/memory_copy.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "collector/procfs/text.h"
#include "collector/reachability/mapping_kinds.h"

namespace memwatch::reachability {

namespace {

constexpr std::uint64_t kPage = 4096;
// Copied at a time: enough for a system call to be cheap, little enough for two threads to share.
constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kProgressBytes = std::uint64_t{16} << 20;

template <typename Visit>
void for_each_present(ProcessMemory& process, const std::vector<Range>& ranges, Visit visit) {
  for (const Range& range : ranges) {
    for (std::uint64_t at = range.start; at < range.end;) {
      const Range present = process.next_present(at, range.end);
      if (present.start >= present.end) break;
      visit(present);
      at = present.end;
    }
  }
}

}  // namespace

std::vector<Range> changeable_ranges(const std::vector<procfs::MemoryMapping>& maps) {
  std::vector<Range> ranges;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const procfs::MemoryMapping& mapping = maps[i];
    if (!mapping.readable || is_segment(mapping.path)) continue;
    const bool next_is_data = i + 1 < maps.size() && maps[i + 1].path == mapping.path &&
                              maps[i + 1].writable && maps[i + 1].start == mapping.end;
    const bool relocated = mapping.is_file() && !mapping.executable && next_is_data;
    if (!mapping.writable && !relocated && mapping.is_file()) continue;
    if (!mapping.writable && !mapping.is_file() && mapping.path.starts_with("[v")) continue;
    if (!ranges.empty() && ranges.back().end == mapping.start) {
      ranges.back().end = mapping.end;
    } else {
      ranges.push_back({mapping.start, mapping.end});
    }
  }
  return ranges;
}

std::uint64_t available_memory() {
  constexpr std::size_t kMostText = 64 << 10;
  const auto text = procfs::read_text("/proc/meminfo", kMostText);
  if (!text) return 0;
  const auto value = procfs::find_value(*text, "MemAvailable");
  return value ? procfs::parse_kilobytes(*value).value_or(0) : 0;
}

std::uint64_t present_bytes(ProcessMemory& process, const std::vector<Range>& ranges) {
  std::uint64_t bytes = 0;
  for_each_present(process, ranges, [&](const Range& range) { bytes += range.end - range.start; });
  return bytes;
}

std::unique_ptr<MemoryCopy> MemoryCopy::reserve(ProcessMemory& process,
                                                const std::vector<Range>& ranges,
                                                const std::function<void()>& on_progress) {
  std::uint64_t bytes = present_bytes(process, ranges);
  constexpr std::uint64_t kGrowth = std::uint64_t{16} << 20;
  bytes += bytes / 16 + kGrowth;
  if (bytes > available_memory() / 2) return nullptr;
  void* const room = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return nullptr;
  madvise(room, bytes, MADV_HUGEPAGE);
  auto* const first = static_cast<unsigned char*>(room);
  for (std::uint64_t at = 0; at < bytes; at += kPage) {
    first[at] = 0;
    if (at % kProgressBytes == 0 && on_progress) on_progress();
  }
  return std::unique_ptr<MemoryCopy>(new MemoryCopy(first, bytes));
}

MemoryCopy::~MemoryCopy() {
  munmap(room_, room_bytes_);
}

bool MemoryCopy::take(ProcessMemory& process, std::vector<Range> ranges) {
  process_ = &process;
  covered_ = std::move(ranges);
  pieces_.clear();
  used_ = 0;
  bool fits = true;
  for_each_present(process, covered_, [&](Range range) {
    while (fits && range.start < range.end) {
      const Range part{range.start, std::min(range.end, range.start + kPieceBytes)};
      const std::uint64_t bytes = part.end - part.start;
      fits = bytes <= room_bytes_ - used_;
      if (!fits) return;
      pieces_.push_back({part, used_});
      used_ += bytes;
      range.start = part.end;
    }
  });
  if (!fits) return false;
  copy(process);
  return true;
}

// What cannot be read is zeros, which point nowhere, and counted.
std::uint64_t MemoryCopy::copy_piece(ProcessMemory& process, const Piece& piece) {
  const std::uint64_t bytes = piece.range.end - piece.range.start;
  std::uint64_t done = 0, unreadable = 0;
  while (true) {
    done += process.read(piece.range.start + done, room_ + piece.at + done,
                         static_cast<std::size_t>(bytes - done));
    if (done >= bytes) return unreadable;
    const std::uint64_t next_page = ((piece.range.start + done) / kPage + 1) * kPage;
    const std::uint64_t hole = std::min(next_page - piece.range.start, bytes) - done;
    std::memset(room_ + piece.at + done, 0, hole);
    unreadable += hole;
    done += hole;
    if (done >= bytes) return unreadable;
  }
}

void MemoryCopy::copy(ProcessMemory& process) {
  std::atomic<std::size_t> next{0};  // relaxed: hands out pieces; join() publishes what was read
  std::atomic<std::uint64_t> unreadable{0};  // relaxed: a sum, complete after join()
  const auto work = [&] {
    std::size_t i = 0;
    while ((i = next.fetch_add(1, std::memory_order_relaxed)) < pieces_.size()) {
      unreadable.fetch_add(copy_piece(process, pieces_[i]), std::memory_order_relaxed);
    }
  };
  std::thread second;
  constexpr std::size_t kWorthAThread = 16;
  if (pieces_.size() >= kWorthAThread && std::thread::hardware_concurrency() > 1) {
    try {
      second = std::thread(work);
    } catch (const std::system_error&) {  // alone, then
    }
  }
  work();
  if (second.joinable()) second.join();
  unreadable_ = unreadable.load(std::memory_order_relaxed);
}

const MemoryCopy::Piece* MemoryCopy::piece_with(std::uint64_t address) const {
  const auto after =
      std::upper_bound(pieces_.begin(), pieces_.end(), address,
                       [](std::uint64_t at, const Piece& piece) { return at < piece.range.start; });
  if (after == pieces_.begin()) return nullptr;
  const Piece& piece = *(after - 1);
  return address < piece.range.end ? &piece : nullptr;
}

std::size_t MemoryCopy::read(std::uint64_t address, void* to, std::size_t size) {
  std::size_t done = 0;
  auto* const target = static_cast<unsigned char*>(to);
  while (done < size) {
    const Piece* const piece = piece_with(address + done);
    if (piece == nullptr) break;
    const std::uint64_t offset = address + done - piece->range.start;
    const std::size_t part =
        std::min<std::uint64_t>(size - done, piece->range.end - address - done);
    std::memcpy(target + done, room_ + piece->at + offset, part);
    done += part;
  }
  if (done > 0) return done;
  const bool is_covered = std::any_of(covered_.begin(), covered_.end(), [&](const Range& range) {
    return address >= range.start && address < range.end;
  });
  return is_covered || process_ == nullptr ? 0 : process_->read(address, to, size);
}

Range MemoryCopy::next_present(std::uint64_t start, std::uint64_t end) {
  auto piece = std::upper_bound(pieces_.begin(), pieces_.end(), start,
                                [](std::uint64_t at, const Piece& p) { return at < p.range.end; });
  if (piece == pieces_.end() || piece->range.start >= end) return {};
  Range found{std::max(start, piece->range.start), piece->range.end};
  for (++piece; piece != pieces_.end() && piece->range.start == found.end; ++piece) {
    found.end = piece->range.end;
  }
  found.end = std::min(found.end, end);
  return found;
}

}  // namespace memwatch::reachability
