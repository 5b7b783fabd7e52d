#include "collector/reachability/running_copy.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "collector/procfs/cgroup.h"
#include "collector/procfs/process_list.h"
#include "collector/reachability/memory_copy.h"

namespace memwatch::reachability {

namespace {

constexpr std::uint64_t kPage = 4096;

bool is_watchable(const procfs::MemoryMapping& mapping) {
  return mapping.readable && mapping.writable && !mapping.shared && !mapping.is_file();
}

// Mappings that lie side by side are one.
std::vector<Range> watchable_ranges(const std::vector<procfs::MemoryMapping>& maps) {
  std::vector<Range> ranges;
  for (const procfs::MemoryMapping& mapping : maps) {
    if (!is_watchable(mapping)) continue;
    if (!ranges.empty() && ranges.back().end == mapping.start) {
      ranges.back().end = mapping.end;
    } else {
      ranges.push_back({mapping.start, mapping.end});
    }
  }
  return ranges;
}

// Data of programs and libraries that is read alone: tables of virtual functions, which explain
// where objects begin. It is looked up when the process may have ended.
std::vector<Range> constant_ranges(const std::vector<procfs::MemoryMapping>& maps) {
  std::vector<std::string_view> modules;
  for (const procfs::MemoryMapping& mapping : maps) {
    if (mapping.executable && mapping.is_file()) modules.push_back(mapping.path);
  }
  std::sort(modules.begin(), modules.end());
  std::vector<Range> ranges;
  for (const procfs::MemoryMapping& mapping : maps) {
    const bool is_constant = mapping.readable && !mapping.writable && !mapping.executable &&
                             mapping.is_file() && !mapping.shared;
    if (is_constant && std::binary_search(modules.begin(), modules.end(), mapping.path)) {
      ranges.push_back({mapping.start, mapping.end});
    }
  }
  return ranges;
}

std::uint64_t end_of(const Range& range) {
  return range.end;
}
std::uint64_t end_of(const Mirror& mirror) {
  return mirror.range.end;
}

// The range that contains the address, or else the first one beyond it.
template <typename Ranges>
auto next_of(const Ranges& ranges, std::uint64_t address) {
  return std::upper_bound(ranges.begin(), ranges.end(), address,
                          [](std::uint64_t at, const auto& one) { return at < end_of(one); });
}

void add(std::vector<Range>* ranges, Range range) {
  if (!ranges->empty() && ranges->back().end == range.start) {
    ranges->back().end = range.end;
  } else {
    ranges->push_back(range);
  }
}

// Both ascending.
std::vector<Range> without(const std::vector<Range>& ranges, const std::vector<Range>& gaps) {
  std::vector<Range> left;
  for (Range range : ranges) {
    for (auto gap = next_of(gaps, range.start); range.start < range.end; ++gap) {
      if (gap == gaps.end() || gap->start >= range.end) {
        left.push_back(range);
        break;
      }
      if (range.start < gap->start) left.push_back({range.start, gap->start});
      range.start = std::min(range.end, std::max(range.start, gap->end));
    }
  }
  return left;
}

std::uint64_t own_room() {
  const std::uint64_t half = available_memory() / 2;
  const auto cgroup = procfs::locate_cgroup(getpid());
  return cgroup ? std::min(half, procfs::cgroup_room(*cgroup).value_or(half)) : half;
}

// What cannot be read is zeros.
std::uint64_t read_pages(ProcessMemory& from, Range range, unsigned char* to) {
  std::uint64_t unreadable = 0;
  for (std::uint64_t at = range.start; at < range.end;) {
    unsigned char* const target = to + (at - range.start);
    at += from.read(at, target, static_cast<std::size_t>(range.end - at));
    if (at >= range.end) break;
    const std::uint64_t hole = std::min(range.end, (at / kPage + 1) * kPage) - at;
    std::memset(to + (at - range.start), 0, hole);
    unreadable += hole;
    at += hole;
  }
  return unreadable;
}

}  // namespace

RunningCopy::~RunningCopy() {
  for (const std::vector<Mirror>* mirrors : {&watched_, &constants_}) {
    for (const Mirror& mirror : *mirrors) {
      munmap(mirror.bytes, mirror.range.end - mirror.range.start);
    }
  }
}

bool RunningCopy::add_mirror(Range range, std::vector<Mirror>* to) {
  void* const room = mmap(nullptr, range.end - range.start, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return false;
  to->push_back({range, static_cast<unsigned char*>(room)});
  return true;
}

// What may be written to while it stands still, or else a fork is as quick.
std::uint64_t RunningCopy::much() const {
  constexpr std::uint64_t kLeast = std::uint64_t{4} << 20;
  constexpr std::uint64_t kPart = 64;
  return kLeast + copied_ / kPart;
}

void RunningCopy::copy_constants(pid_t process, ProcessMemory& now) {
  for (const Range& range : constant_ranges(now.maps())) {
    if (!add_mirror(range, &constants_)) return;
    unsigned char* const bytes = constants_.back().bytes;
    // What was never touched is not brought in: that would be seen in how much it takes.
    visit_existing(process, range, [&](Range part) {
      read_pages(now, part, bytes + (part.start - range.start));
      add(&present_constants_, part);
    });
  }
}

std::optional<std::uint64_t> RunningCopy::take_written(ProcessMemory& now,
                                                       const std::function<void()>& on_progress) {
  std::uint64_t bytes = 0;
  for (const Mirror& mirror : watched_) {
    const bool is_there = pages_->take_written(mirror.range, [&](Range part) {
      read_pages(now, part, mirror.bytes + (part.start - mirror.range.start));
      bytes += part.end - part.start;
      if (on_progress) on_progress();
    });
    if (!is_there) return std::nullopt;
  }
  return bytes;
}

bool RunningCopy::catch_up(ProcessMemory& now, const std::function<void()>& on_progress) {
  constexpr int kMostRounds = 8;
  std::uint64_t before = UINT64_MAX;
  for (int round = 0; round < kMostRounds; ++round) {
    const std::optional<std::uint64_t> bytes = take_written(now, on_progress);
    if (!bytes) return false;
    if (round == 0) copied_ = *bytes;
    // What was written to in the last round is about as much as it copied.
    if (*bytes <= much() / 4) return true;
    if (round > 1 && *bytes > before / 4 * 3) return *bytes <= much();
    before = *bytes;
  }
  return before <= much();
}

std::unique_ptr<RunningCopy> RunningCopy::make(pid_t process, std::uint64_t call,
                                               ProcessMemory& now,
                                               const std::function<void()>& on_progress,
                                               double* stopped_seconds, std::string* why_not) {
  // A mapping that is watched does not grow together with those beside it, and the kernel allows
  // 65530 by default.
  constexpr std::size_t kMostMappings = 16'384;
  if (now.maps().size() > kMostMappings) {
    *why_not = "it has too many mappings";
    return nullptr;
  }
  const std::vector<Range> ranges = watchable_ranges(now.maps());
  const std::uint64_t bytes = present_bytes(now, ranges);
  if (bytes < kWorthIt && procfs::threads_of_process(process).size() < kManyThreads) {
    why_not->clear();
    return nullptr;
  }
  if (bytes + bytes / 8 > own_room()) {
    *why_not = "a copy takes too much memory";
    return nullptr;
  }
  std::unique_ptr<RunningCopy> copy(new RunningCopy);
  copy->pages_ = WrittenPages::of(process, call, stopped_seconds, why_not);
  if (copy->pages_ == nullptr) return nullptr;
  for (const Range& range : ranges) {
    if (!copy->pages_->watch(range)) continue;  // another way of copying it is found
    if (!copy->add_mirror(range, &copy->watched_)) {
      *why_not = "a copy takes too much address space";
      copy->let_go(on_progress);
      return nullptr;
    }
  }
  copy->copy_constants(process, now);
  if (!copy->catch_up(now, on_progress)) {
    *why_not = "it writes to too much memory";
    copy->let_go(on_progress);
    return nullptr;
  }
  return copy;
}

std::vector<Range> RunningCopy::others(const std::vector<procfs::MemoryMapping>& maps) const {
  if (process_ != nullptr) return without(changeable_ranges(maps), covered_);
  std::vector<Range> watched;
  for (const Mirror& mirror : watched_) watched.push_back(mirror.range);
  return without(changeable_ranges(maps), watched);
}

// Of each mapping what it has in common with a mirror. Those with nothing between them but what
// nobody may read, as stacks with their guards, are looked at together: a call for each of a
// thousand takes more than a millisecond.
std::vector<std::vector<Range>> RunningCopy::parts_to_look_at(
    const std::vector<procfs::MemoryMapping>& maps) const {
  std::vector<std::vector<Range>> groups;
  bool is_apart = true;
  for (const procfs::MemoryMapping& mapping : maps) {
    if (!is_watchable(mapping)) {
      is_apart = is_apart || mapping.readable;
      continue;
    }
    for (auto mirror = next_of(watched_, mapping.start);
         mirror != watched_.end() && mirror->range.start < mapping.end; ++mirror) {
      if (std::exchange(is_apart, false)) groups.emplace_back();
      groups.back().push_back(
          {std::max(mapping.start, mirror->range.start), std::min(mapping.end, mirror->range.end)});
    }
  }
  return groups;
}

// A part that was mapped anew since is not watched, and is for others to copy.
void RunningCopy::look(const std::vector<Range>& parts, std::vector<Range>* written) {
  std::vector<SeenPages> seen;
  const Range all{parts.front().start, parts.back().end};
  if (!pages_->look(all, [&](const SeenPages& pages) { seen.push_back(pages); })) return;
  auto first = seen.begin();
  for (const Range& part : parts) {
    while (first != seen.end() && first->range.end <= part.start) ++first;
    auto last = first;
    while (last != seen.end() && last->range.start < part.end) ++last;
    if (!std::all_of(first, last, [](const SeenPages& pages) { return pages.is_watched; })) {
      continue;
    }
    add(&covered_, part);
    for (; first != last; ++first) {
      const Range range{std::max(first->range.start, part.start),
                        std::min(first->range.end, part.end)};
      add(&present_, range);
      if (first->is_written) written->push_back(range);
      if (first->range.end > part.end) break;
    }
  }
}

bool RunningCopy::finish(ProcessMemory& now, std::string* why_not) {
  process_ = &now;
  std::vector<Range> written;
  for (const std::vector<Range>& parts : parts_to_look_at(now.maps())) look(parts, &written);
  std::uint64_t bytes = 0;
  for (const Range& range : written) bytes += range.end - range.start;
  if (bytes > 2 * much()) {
    *why_not = "it wrote to too much memory in the last moment";
    return false;
  }
  for (const Range& range : written) {
    const auto mirror = next_of(watched_, range.start);
    unreadable_ += read_pages(now, range, mirror->bytes + (range.start - mirror->range.start));
  }
  return true;
}

std::size_t RunningCopy::read(std::uint64_t address, void* to, std::size_t size) {
  auto* const target = static_cast<unsigned char*>(to);
  std::size_t done = 0;
  while (done < size) {
    const std::uint64_t at = address + done;
    const auto present = next_of(present_, at);
    if (present == present_.end() || present->start > at) break;
    const auto mirror = next_of(watched_, at);
    const std::size_t part =
        std::min<std::uint64_t>(size - done, std::min(present->end, mirror->range.end) - at);
    std::memcpy(target + done, mirror->bytes + (at - mirror->range.start), part);
    done += part;
  }
  if (done > 0) return done;
  const auto covered = next_of(covered_, address);
  if (covered != covered_.end() && covered->start <= address) return 0;
  const auto present = next_of(present_constants_, address);
  if (present != present_constants_.end() && present->start <= address) {
    const auto mirror = next_of(constants_, address);
    const std::size_t part =
        std::min<std::uint64_t>(size, std::min(present->end, mirror->range.end) - address);
    std::memcpy(target, mirror->bytes + (address - mirror->range.start), part);
    return part;
  }
  return process_ == nullptr ? 0 : process_->read(address, to, size);
}

Range RunningCopy::next_present(std::uint64_t start, std::uint64_t end) {
  const auto present = next_of(present_, start);
  if (present == present_.end() || present->start >= end) return {};
  return {std::max(start, present->start), std::min(end, present->end)};
}

}  // namespace memwatch::reachability
