#include "collector/analysis/breakdown.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

namespace memwatch::analysis {

namespace {

using procfs::MemoryMapping;
using procfs::ResidentMapping;
using procfs::ResidentPages;

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kArenaBytes = std::uint64_t{64} << 20;  // of glibc, and their alignment
constexpr std::uint64_t kMostGuardBytes = 64U << 10;
constexpr std::uint64_t kHeader = 8, kGrain = 16, kLeastChunk = 32, kMappedHeader = 16;

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_shared_memory(const MemoryMapping& mapping) {
  return mapping.path.starts_with("/dev/shm/") || mapping.path.starts_with("/memfd:") ||
         mapping.path.starts_with("/SYSV") || mapping.path.starts_with("/dev/zero") ||
         mapping.path.starts_with("[anon_shmem");
}

bool is_memwatch(const MemoryMapping& mapping) {
  return mapping.path.starts_with("/dev/shm/memwatch.") ||
         base_name(mapping.path).starts_with("libmemwatch_");
}

// An allocator other than glibc's, as a library: its rules are not glibc's.
bool is_other_allocator(std::string_view path) {
  constexpr std::array<std::string_view, 6> kNames = {"libjemalloc", "libtcmalloc", "libmimalloc",
                                                      "libsnmalloc", "ld-musl",     "libc.musl"};
  const std::string_view name = base_name(path);
  return std::any_of(kNames.begin(), kNames.end(),
                     [name](std::string_view known) { return name.starts_with(known); });
}

// What of a list of ranges lies in [start, end).
template <typename Each>
void for_each_overlap(const std::vector<AddressRange>& ranges, std::uint64_t start,
                      std::uint64_t end, Each each) {
  for (const auto& [from, to] : ranges) {
    if (from < end && to > start) each(std::max(from, start), std::min(to, end));
  }
}

// Sums by name, as a list.
class Items {
 public:
  void add(const std::string& name, std::uint64_t bytes, std::uint64_t live_bytes = 0) {
    BreakdownItem& item = items_[name];
    item.bytes += bytes;
    item.live_bytes += live_bytes;
  }
  [[nodiscard]] std::vector<BreakdownItem> list() const {
    std::vector<BreakdownItem> listed;
    for (const auto& [name, item] : items_) {
      if (item.bytes > 0 || item.live_bytes > 0)
        listed.push_back({name, item.bytes, item.live_bytes});
    }
    std::stable_sort(listed.begin(), listed.end(), [](const auto& a, const auto& b) {
      return a.bytes != b.bytes ? a.bytes > b.bytes : a.live_bytes > b.live_bytes;
    });
    return listed;
  }

 private:
  std::map<std::string, BreakdownItem> items_;
};

// Memory in which blocks lie: the main heap and arenas, or mappings of their own.
struct Pool {
  std::uint64_t resident = 0;  // what is there to be claimed
  double blocks = 0;           // present bytes of live blocks
  double overhead = 0;         // of their headers and rounding
  std::uint64_t heap = 0;      // what they were given
  std::uint64_t left = 0;
};

class Accounting {
 public:
  Accounting(const HeapFacts& heap, const MemoryFacts& memory) : heap_(heap), memory_(memory) {}

  Breakdown run() {
    look_at_mappings();
    place_blocks();
    divide();
    result_.page_tables = memory_.page_tables;
    result_.vms = memory_.vms;
    result_.minor_faults = memory_.minor_faults;
    result_.major_faults = memory_.major_faults;
    explain();
    return std::move(result_);
  }

 private:
  enum class Kind : std::uint8_t { done, arena, anonymous };

  [[nodiscard]] std::uint64_t present(std::size_t index, std::uint64_t from, std::uint64_t to) {
    const ResidentMapping& entry = memory_.mappings[index];
    const MemoryMapping& mapping = entry.mapping;
    from = std::max(from, mapping.start);
    to = std::min(to, mapping.end);
    const std::uint64_t size = mapping.end - mapping.start;
    if (from >= to || entry.rss == 0) return 0;
    if (entry.rss == size) return to - from;
    const auto pages = std::upper_bound(
        memory_.pages.begin(), memory_.pages.end(), from,
        [](std::uint64_t at, const ResidentPages& part) { return at < part.end(); });
    if (pages != memory_.pages.end() && pages->start <= from && to <= pages->end()) {
      return pages->bytes_in(from, to);
    }
    is_spread_ = true;
    return static_cast<std::uint64_t>(static_cast<double>(to - from) *
                                      static_cast<double>(entry.rss) / static_cast<double>(size));
  }

  [[nodiscard]] bool has_stack_pointer(const MemoryMapping& mapping) const {
    return std::any_of(memory_.stack_pointers.begin(), memory_.stack_pointers.end(),
                       [&](std::uint64_t pointer) { return mapping.contains(pointer); });
  }

  // Pages below it that nobody may touch, as pthread_create makes them.
  [[nodiscard]] bool has_guard(std::size_t index) const {
    if (index == 0) return false;
    const MemoryMapping& below = memory_.mappings[index - 1].mapping;
    return below.end == memory_.mappings[index].mapping.start && !below.is_file() &&
           !below.readable && !below.writable && !below.executable &&
           below.end - below.start <= kMostGuardBytes;
  }

  // The beginning of 64 MiB of its own, the rest of which is reserved and may not be touched.
  [[nodiscard]] bool is_arena(std::size_t index) const {
    const MemoryMapping& mapping = memory_.mappings[index].mapping;
    if (mapping.start % kArenaBytes != 0 || !mapping.writable) return false;
    const std::uint64_t whole = mapping.start + kArenaBytes;
    if (mapping.end == whole) return true;
    if (index + 1 >= memory_.mappings.size()) return false;
    const MemoryMapping& rest = memory_.mappings[index + 1].mapping;
    return rest.start == mapping.end && rest.end >= whole && !rest.is_file() && !rest.readable;
  }

  // Data of a library that its file does not have.
  [[nodiscard]] const MemoryMapping* library_below(std::size_t index) const {
    if (index == 0) return nullptr;
    const MemoryMapping& below = memory_.mappings[index - 1].mapping;
    const bool is_data = below.is_file() && below.writable && !below.shared &&
                         below.end == memory_.mappings[index].mapping.start;
    return is_data && executed_.contains(below.path) ? &below : nullptr;
  }

  void look_at_mappings() {
    for (const ResidentMapping& entry : memory_.mappings) {
      result_.rss += entry.rss;
      result_.swap += entry.swap;
      const MemoryMapping& mapping = entry.mapping;
      if (mapping.is_file() && mapping.executable) executed_.insert(mapping.path);
      if (is_other_allocator(mapping.path)) other_allocator_ = true;
    }
    kinds_.assign(memory_.mappings.size(), Kind::done);
    unclaimed_.assign(memory_.mappings.size(), 0);
    has_blocks_.assign(memory_.mappings.size(), false);
    for (std::size_t i = 0; i < memory_.mappings.size(); ++i) classify(i);
  }

  void classify(std::size_t i) {
    const auto& [mapping, rss, swap] = memory_.mappings[i];
    if (is_memwatch(mapping)) {
      result_.memwatch += rss;
    } else if (is_shared_memory(mapping)) {
      result_.shared += rss;
      shared_.add(mapping.path, rss);
    } else if (mapping.is_file()) {
      add_file(mapping.path, rss);
    } else if (mapping.path == "[heap]") {
      kinds_[i] = Kind::arena;
      unclaimed_[i] = rss;
    } else if (mapping.path == "[stack]" || has_stack_pointer(mapping)) {
      result_.stacks += rss;
    } else if (mapping.path.starts_with('[') && !mapping.path.starts_with("[anon:")) {
      add_file(mapping.path, rss);  // [vdso] and its like
    } else {
      kinds_[i] = !other_allocator_ && is_arena(i) ? Kind::arena : Kind::anonymous;
      unclaimed_[i] = rss;
    }
  }

  void add_file(const std::string& path, std::uint64_t bytes) {
    const bool is_library = executed_.contains(path) || path.starts_with('[');
    (is_library ? result_.libraries : result_.files) += bytes;
    (is_library ? libraries_ : files_).add(path, bytes);
  }

  [[nodiscard]] std::size_t mapping_of(std::uint64_t address) const {
    const auto after = std::upper_bound(
        memory_.mappings.begin(), memory_.mappings.end(), address,
        [](std::uint64_t at, const ResidentMapping& entry) { return at < entry.mapping.start; });
    if (after == memory_.mappings.begin() || !(after - 1)->mapping.contains(address)) {
      return memory_.mappings.size();
    }
    return static_cast<std::size_t>(after - 1 - memory_.mappings.begin());
  }

  // Bytes around a block that its allocator needs for it, by glibc's rules.
  [[nodiscard]] double overhead_of(std::size_t at, const HeapFacts::Block& block) {
    if (other_allocator_) return 0;
    if (kinds_[at] == Kind::arena) {
      const std::uint64_t chunk =
          std::max((block.size + kHeader + kGrain - 1) / kGrain * kGrain, kLeastChunk);
      return static_cast<double>(chunk - block.size);
    }
    const std::uint64_t start = (block.address - kMappedHeader) / kPage * kPage;
    const std::uint64_t end = (block.address + block.size + kPage - 1) / kPage * kPage;
    return static_cast<double>(present(at, start, block.address) +
                               present(at, block.address + block.size, end));
  }

  void place_blocks() {
    resident_of_library_.assign(heap_.libraries.size(), 0);
    live_of_library_.assign(heap_.libraries.size(), 0);
    for (const HeapFacts::Block& block : heap_.blocks) {
      if (block.library >= heap_.libraries.size() ||
          block.size > UINT64_MAX - block.address - kPage) {
        continue;
      }
      live_of_library_[block.library] += static_cast<double>(block.stands_for);
      const std::size_t at = mapping_of(block.address);
      if (at == memory_.mappings.size() || kinds_[at] == Kind::done) continue;
      has_blocks_[at] = true;
      const std::uint64_t bytes = present(at, block.address, block.address + block.size);
      const double times =
          block.size == 0 ? 1
                          : static_cast<double>(block.stands_for) / static_cast<double>(block.size);
      Pool& pool = kinds_[at] == Kind::arena ? arenas_ : own_;
      const double stands_for = times * static_cast<double>(bytes);
      pool.blocks += stands_for;
      if (bytes > 0 || block.size == 0) pool.overhead += times * overhead_of(at, block);
      resident_of_library_[block.library] += stands_for;
    }
  }

  // Anonymous memory without blocks: whose is it?
  void divide_anonymous(std::size_t i) {
    const MemoryMapping& mapping = memory_.mappings[i].mapping;
    std::uint64_t left = unclaimed_[i];
    for_each_overlap(heap_.memwatch_mappings, mapping.start, mapping.end,
                     [&](std::uint64_t from, std::uint64_t to) {
                       const std::uint64_t bytes = std::min(left, present(i, from, to));
                       result_.memwatch += bytes;
                       left -= bytes;
                     });
    for_each_overlap(heap_.program_mappings, mapping.start, mapping.end,
                     [&](std::uint64_t from, std::uint64_t to) {
                       const std::uint64_t bytes = std::min(left, present(i, from, to));
                       result_.mapped += bytes;
                       left -= bytes;
                     });
    if (has_blocks_[i]) {
      own_.resident += left;
    } else if (has_guard(i)) {
      result_.stacks += left;
    } else if (const MemoryMapping* below = library_below(i)) {
      if (is_memwatch(*below)) {
        result_.memwatch += left;
      } else {
        add_file(below->path, left);
      }
    } else {
      result_.untracked += left;
    }
  }

  static void claim(Pool& pool) {
    const auto resident = static_cast<double>(pool.resident);
    pool.heap = static_cast<std::uint64_t>(std::min(pool.blocks, resident));
  }

  void divide() {
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
      if (kinds_[i] == Kind::arena) arenas_.resident += unclaimed_[i];
      if (kinds_[i] == Kind::anonymous) divide_anonymous(i);
    }
    // Of a sample, blocks that nobody drew may have mappings of their own.
    if (heap_.is_sample && own_.blocks > static_cast<double>(own_.resident)) {
      const std::uint64_t more =
          std::min(result_.untracked, static_cast<std::uint64_t>(own_.blocks) - own_.resident);
      result_.untracked -= more;
      own_.resident += more;
    }
    for (Pool* pool : {&arenas_, &own_}) {
      claim(*pool);
      pool->left = pool->resident - pool->heap;
      const auto overhead =
          static_cast<std::uint64_t>(std::min(pool->overhead, static_cast<double>(pool->left)));
      pool->left -= overhead;
      result_.heap += pool->heap;
      result_.allocator_overhead += overhead;
    }
    result_.allocator_free += arenas_.left;
    // Beside blocks with mappings of their own may lie what the kernel merged with them.
    (other_allocator_ ? result_.allocator_free : result_.untracked) += own_.left;
    list_libraries();
    result_.library_files = libraries_.list();
    result_.other_files = files_.list();
    result_.shared_by_name = shared_.list();
  }

  // What the libraries' blocks have, so that they sum to the heap.
  void list_libraries() {
    double sum = 0;
    for (const double bytes : resident_of_library_) sum += bytes;
    const double scale = sum > 0 ? static_cast<double>(result_.heap) / sum : 0;
    Items items;
    for (std::size_t i = 0; i < heap_.libraries.size(); ++i) {
      items.add(heap_.libraries[i], static_cast<std::uint64_t>(resident_of_library_[i] * scale),
                static_cast<std::uint64_t>(live_of_library_[i]));
    }
    result_.heap_by_library = items.list();
    std::uint64_t listed = 0;
    for (const BreakdownItem& item : result_.heap_by_library) listed += item.bytes;
    // What rounding left over.
    if (!result_.heap_by_library.empty()) {
      result_.heap_by_library.front().bytes += result_.heap - listed;
    }
  }

  void explain() {
    std::vector<std::string>& notes = result_.notes;
    if (!heap_.is_followed) {
      notes.emplace_back(
          "The heap is not followed, so blocks and free memory of the allocator are both in "
          "allocator_free; blocks with mappings of their own are untracked.");
    }
    if (heap_.is_sample) {
      notes.emplace_back(
          "Blocks are a sample: the heap and what the allocator adds are estimates.");
    }
    if (heap_.is_followed && heap_.has_unknown_blocks) {
      notes.emplace_back(
          "Not every block is known (allocated before the recording began, or lost): those are in "
          "allocator_free and untracked.");
    }
    if (is_spread_ && heap_.is_followed) {
      notes.emplace_back(
          "Which pages are present could not be read, so what is present of a mapping is taken to "
          "be spread evenly over it.");
    }
    if (other_allocator_) {
      notes.emplace_back(
          "Another allocator than the C library's serves it: allocator_overhead is in "
          "allocator_free.");
    }
    result_.estimated = heap_.is_sample || is_spread_;
  }

  const HeapFacts& heap_;
  const MemoryFacts& memory_;
  Breakdown result_;
  std::set<std::string> executed_;  // files of which some mapping is code
  bool other_allocator_ = false, is_spread_ = false;
  std::vector<Kind> kinds_;               // by mapping, as the rest
  std::vector<std::uint64_t> unclaimed_;  // present bytes
  std::vector<bool> has_blocks_;
  Pool arenas_, own_;
  std::vector<double> resident_of_library_, live_of_library_;
  Items libraries_, files_, shared_;
};

}  // namespace

Breakdown break_down(const HeapFacts& heap, const MemoryFacts& memory) {
  return Accounting(heap, memory).run();
}

}  // namespace memwatch::analysis
