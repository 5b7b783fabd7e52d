#include "collector/reachability/roots.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "collector/reachability/glibc_memory.h"
#include "collector/reachability/mapping_kinds.h"
#include "collector/reachability/range_set.h"

namespace memwatch::reachability {

namespace {

using procfs::MemoryMapping;

constexpr std::uint64_t kRedZone = 128;
constexpr std::uint64_t kPage = 4096;
constexpr std::string_view kShim = "libmemwatch_";

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// Pages that the kernel maps into every process: [vdso], [vvar], [vvar_vclock], [vsyscall].
bool is_the_kernels(std::string_view path) {
  return path.starts_with("[v") || path == "[uprobes]";
}

bool is_foreign_allocator(std::string_view path) {
  const std::string_view name = base_name(path);
  return name.starts_with("libmimalloc") || name.starts_with("libjemalloc") ||
         name.starts_with("libtcmalloc");
}

class Planner {
 public:
  Planner(Memory& memory, const std::vector<MemoryMapping>& maps, const std::vector<Block>& blocks,
          const std::vector<StoppedThread>& threads, const RootFacts& facts)
      : memory_(memory), maps_(maps), blocks_(blocks), threads_(threads), facts_(facts) {
    if (!facts.has_unknown_blocks) arenas_ = arenas_of(memory, blocks);
    has_foreign_allocator_ = std::any_of(maps_.begin(), maps_.end(), [](const MemoryMapping& m) {
      return is_foreign_allocator(m.path);
    });
  }

  RootPlan plan() {
    for (std::size_t i = 0; i < maps_.size(); ++i) {
      const MemoryMapping& mapping = maps_[i];
      if (!mapping.readable || is_segment(mapping.path) ||
          base_name(mapping.path).starts_with(kShim) || is_the_kernels(mapping.path)) {
        continue;
      }
      if (mapping.is_file()) {
        plan_file(i);
      } else if (mapping.path == "[heap]") {
        plan_heap(mapping);
      } else {
        plan_anonymous(i);
      }
    }
    return std::move(plan_);
  }

 private:
  std::uint32_t source(RootSource source) {
    plan_.sources.push_back(std::move(source));
    return static_cast<std::uint32_t>(plan_.sources.size() - 1);
  }
  void add(std::uint32_t number, const RangeSet& ranges) {
    for (const Range& range : ranges.ranges()) plan_.ranges.push_back({number, range});
  }

  // A file's page that was written to, or made read-only after the loader was done with it.
  void plan_file(std::size_t i) {
    const MemoryMapping& mapping = maps_[i];
    const bool next_is_data = i + 1 < maps_.size() && maps_[i + 1].path == mapping.path &&
                              maps_[i + 1].writable && maps_[i + 1].start == mapping.end;
    if (mapping.shared) {
      if (!mapping.writable || !is_memory_object(mapping.path)) return;
    } else if (!mapping.writable && (mapping.executable || !next_is_data)) {
      return;
    }
    RangeSet ranges({mapping.start, mapping.end});
    const std::string_view name = base_name(mapping.path);
    if (mapping.writable && (name.starts_with("libc.so") || name.starts_with("libc-"))) {
      if (const auto state = main_arena_state(memory_, {mapping.start, mapping.end})) {
        ranges.cut(*state);
      }
    }
    add(source({.kind = RootSource::Kind::data, .path = mapping.path, .tid = 0, .range = {}}),
        ranges);
  }

  void plan_heap(const MemoryMapping& mapping) {
    if (!facts_.has_unknown_blocks && !facts_.program_moved_break) return;
    add(source({.kind = RootSource::Kind::heap,
                .path = {},
                .tid = 0,
                .range = {mapping.start, mapping.end}}),
        RangeSet({mapping.start, mapping.end}));
  }

  void plan_anonymous(std::size_t i) {
    const MemoryMapping& mapping = maps_[i];
    const Range whole{mapping.start, mapping.end};
    RangeSet ranges(whole);
    for (const Range& range : facts_.shim_mappings) ranges.cut(range);
    for (const std::uint64_t arena : arenas_) ranges.cut({arena, arena + kArenaBytes});
    RootSource from{.kind = RootSource::Kind::memory, .path = {}, .tid = 0, .range = whole};
    // The data of a library without a place in its file.
    if (i > 0 && maps_[i - 1].end == mapping.start && maps_[i - 1].is_file() &&
        maps_[i - 1].writable && !maps_[i - 1].shared) {
      from.kind = RootSource::Kind::data;
      from.path = maps_[i - 1].path;
    }
    if (is_program_mapping(whole)) {
      add(source(from), ranges);
      return;
    }
    const bool has_thread = cut_stacks(mapping, ranges, from);
    if (!has_thread) {
      if (has_foreign_allocator_ && !facts_.has_unknown_blocks && holds_blocks(whole)) return;
      cut_ended_thread(i, ranges);
    }
    add(source(from), ranges);
  }

  // Is all of it the program's own, with no stack of the C library's in it?
  [[nodiscard]] bool is_program_mapping(const Range& range) const {
    return std::any_of(
        facts_.program_mappings.begin(), facts_.program_mappings.end(),
        [&](const Range& own) { return own.start <= range.start && range.end <= own.end; });
  }
  [[nodiscard]] bool holds_blocks(const Range& range) const {
    const auto block =
        std::lower_bound(blocks_.begin(), blocks_.end(), range.start,
                         [](const Block& b, std::uint64_t address) { return b.address < address; });
    return block != blocks_.end() && block->address < range.end;
  }

  // What lies below a thread's stack pointer is dead, down to where something else may lie.
  // True where the mapping holds a stack or the control block of a thread.
  bool cut_stacks(const MemoryMapping& mapping, RangeSet& ranges, RootSource& from) const {
    bool found = false;
    for (const StoppedThread& thread : threads_) {
      if (mapping.contains(thread.thread_pointer)) found = true;
      if (!thread.has_registers || !mapping.contains(thread.stack_pointer)) continue;
      found = true;
      from.kind = RootSource::Kind::stack;
      from.tid = thread.tid;
      std::uint64_t low = mapping.start;
      for (const StoppedThread& other : threads_) {
        for (const std::uint64_t mark : {other.thread_pointer, other.stack_pointer}) {
          if (mark < thread.stack_pointer && mapping.contains(mark)) {
            low = std::max(low, (mark + 2 * kPage) & ~(kPage - 1));
          }
        }
      }
      bool is_own_stack = true;
      for (const Range& own : facts_.program_mappings) {
        if (own.start <= thread.stack_pointer && thread.stack_pointer < own.end)
          is_own_stack = false;
        if (own.end <= thread.stack_pointer) low = std::max(low, own.end);
      }
      if (is_own_stack) ranges.cut({low, thread.stack_pointer - kRedZone});
    }
    return found;
  }

  // A stack that the C library keeps for the next thread: a guard below, a control block on top.
  void cut_ended_thread(std::size_t i, RangeSet& ranges) const {
    if (i == 0 || maps_[i - 1].end != maps_[i].start || maps_[i - 1].readable) return;
    const auto block = thread_control_block(memory_, {maps_[i].start, maps_[i].end});
    if (block) ranges.cut({maps_[i].start, (*block + kPage) & ~(kPage - 1)});
  }

  Memory& memory_;
  const std::vector<MemoryMapping>& maps_;
  const std::vector<Block>& blocks_;
  const std::vector<StoppedThread>& threads_;
  const RootFacts& facts_;
  std::vector<std::uint64_t> arenas_;
  bool has_foreign_allocator_ = false;
  RootPlan plan_;
};

}  // namespace

RootPlan plan_roots(Memory& memory, const std::vector<procfs::MemoryMapping>& maps,
                    const std::vector<Block>& blocks, const std::vector<StoppedThread>& threads,
                    const RootFacts& facts) {
  return Planner(memory, maps, blocks, threads, facts).plan();
}

}  // namespace memwatch::reachability
