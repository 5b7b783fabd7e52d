// The facts of one recorded session as plain data: what the collector knows at a moment, what the
// session file stores, what every report is made from. One type for all three, so that a report of
// a live process and of a file years later cannot differ.
//
// Units: sizes in bytes, times in seconds since the session's start. Ids are indices into the
// session's own tables; id 0 of stacks, code addresses and modules means "none".
// No behaviour beyond trivial look-ups; owned by whoever built it; not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/functions.h"

namespace memwatch::model {

using ModuleId = std::uint32_t;
using CodeAddressId = std::uint32_t;
using StackId = std::uint32_t;

inline constexpr std::uint32_t kNone = 0;

// An executable or library, wherever and however often it was loaded.
struct Module {
  std::string path;      // absolute path, or the kernel's name such as "[vdso]"
  std::string build_id;  // lower-case hex, "" where there is none
};

// A place in code: an address as the module's own ELF virtual address, or absolute where no module
// is known (code made at run time).
struct CodeAddress {
  ModuleId module = kNone;
  std::uint64_t offset = 0;  // pc − load bias; the pc itself when module is kNone
  bool exact = false;        // false: a return address, so the call lies before it; true: the pc
                             // itself (frame interrupted by a signal)
};

// One source-level frame. Several belong to one code address where functions were inlined.
struct SourceFrame {
  std::string function;  // demangled; "" unknown
  std::string file;      // "" unknown
  std::uint32_t line = 0;
  bool inlined = false;  // this function's code was inlined into the frame that follows
};

// What symbolising one code address gave: innermost inlined function first, its physical holder
// last. Empty: not symbolised (yet).
struct Symbols {
  std::vector<SourceFrame> frames;
};

// Stacks are a tree: a stack is its innermost node, parents lead outwards to main or thread start.
struct StackNode {
  StackId parent = kNone;         // kNone: this is the outermost frame
  CodeAddressId address = kNone;  // kNone: marks a stack that was cut off here (truncated)
};

struct FunctionTotals {
  std::uint64_t calls = 0;  // failures included
  std::uint64_t bytes = 0;  // of successful calls
  std::uint64_t failed = 0;
};

// As defined in the command-line contract under "What is counted".
struct Totals {
  std::uint64_t allocations = 0, frees = 0, reallocations = 0;
  std::uint64_t allocated_bytes = 0, freed_bytes = 0;
  std::uint64_t failed = 0, large = 0, temporary = 0;
  std::uint64_t maps = 0, unmaps = 0, mapped_bytes = 0, unmapped_bytes = 0;
  std::uint64_t inherited_frees = 0;
  std::uint64_t allocated_deviation =
      0;  // standard deviation of allocated_bytes; 0 where it is no estimate
};

struct HeapFacts {
  std::uint64_t live_blocks = 0, live_bytes = 0, peak_bytes = 0;
  double peak_at = 0;
  std::uint64_t peak_blocks = 0;
  std::uint64_t inherited_blocks = 0;
  // Standard deviations of the bytes; 0 where they are no estimates.
  std::uint64_t live_deviation = 0, peak_deviation = 0;
};

struct MappedFacts {
  std::uint64_t live_bytes = 0, peak_bytes = 0;
};

struct RssFacts {
  std::uint64_t last = 0, peak = 0, samples = 0;
};

struct Losses {
  std::uint64_t dropped_allocations = 0, dropped_frees = 0, unmatched_frees = 0;
  std::uint64_t truncated_stacks = 0, stack_mismatches = 0;
  std::uint64_t damaged_records = 0;      // records from the segment that made no sense
  std::uint64_t children_unrecorded = 0;  // forked from it, and nothing of theirs was recorded
  bool exact = true;                      // no event of this process, in exact mode, was lost

  [[nodiscard]] bool nothing_lost() const { return exact && children_unrecorded == 0; }
};

// Memory around the process at one moment. Zero where the system does not tell.
struct MemorySituation {
  std::uint64_t rss = 0;
  std::uint64_t cgroup_usage = 0, cgroup_limit = 0;  // limit 0: none
  std::uint64_t address_space_limit = 0;             // RLIMIT_AS; 0: none
};

struct Failure {
  Function function = Function::none;
  std::uint64_t requested = 0;
  std::int32_t error_number = 0;
  std::uint64_t count = 0;  // failures with the same function, size, errno and stack
  double first_at = 0;
  bool injected = false;
  StackId stack = kNone;
  MemorySituation situation;  // when the first of them was seen
};

struct LargeAllocation {
  Function function = Function::none;
  std::uint64_t requested = 0;
  std::uint64_t address = 0;
  double at = 0;
  std::uint32_t tid = 0;
  StackId stack = kNone;
};

// Heap totals of one allocation site (one stack). Complete: sites sum to the process's totals.
struct Site {
  StackId stack = kNone;
  std::uint64_t allocations = 0, reallocations = 0;
  std::uint64_t allocated_bytes = 0;  // reallocated bytes included
  std::uint64_t live_blocks = 0, live_bytes = 0;
  std::uint64_t peak_bytes = 0;      // share at the moment of the process's peak
  std::uint64_t own_peak_bytes = 0;  // its own maximum
  std::uint64_t temporary = 0;
  // Standard deviations of live_bytes, peak_bytes and allocated_bytes; 0 where they are no
  // estimates.
  std::uint64_t live_deviation = 0, peak_deviation = 0, allocated_deviation = 0;
};

struct ThreadTotals {
  std::uint32_t tid = 0;
  std::string name;  // as of the last time it was looked up; may be ""
  std::uint64_t allocations = 0, frees = 0, reallocations = 0;
  std::uint64_t allocated_bytes = 0, freed_bytes = 0;  // freed by this thread, whoever allocated
  std::uint64_t temporary = 0, failed = 0;
  std::uint64_t allocated_deviation = 0;  // of allocated_bytes; 0 where it is no estimate
};

// Histogram of requested sizes: bucket 0 counts size 0, bucket i counts 2^(i−1) ≤ size < 2^i.
struct SizeBucket {
  std::uint64_t allocations = 0;  // allocations and reallocations
  std::uint64_t bytes = 0;
  std::uint64_t deviation = 0;  // of bytes; 0 where they are no estimate
};
inline constexpr std::size_t kSizeBuckets = 65;

// One moment of a process: the traced heap beside what the kernel says. Kernel fields are 0 where
// unknown or not read in this sample (pss, swap_pss: read rarely, being slow).
struct TimelineSample {
  double at = 0;
  std::uint64_t live_bytes = 0, live_blocks = 0;  // traced heap
  std::uint64_t mapped_bytes = 0;                 // traced mappings
  std::uint64_t allocations = 0;                  // cumulative, for rates
  std::uint64_t rss = 0, pss = 0, vms = 0, shared = 0, data = 0, stack = 0, swap = 0;
  std::uint64_t minor_faults = 0, major_faults = 0;  // cumulative
  std::uint64_t cgroup_usage = 0, cgroup_limit = 0;
  double psi_some_avg10 = 0;  // memory pressure, percent
};

// A span of the run. A process keeps at most 64 of them however long it runs: neighbours are
// merged, so they get longer (collector/model/heap_history.h).
struct HeapEpoch {
  double end = 0;                     // seconds since the session's start
  std::uint64_t least_bytes = 0;      // the fewest live bytes of the process in it
  std::uint64_t allocated_bytes = 0;  // until its end
  // Until its end: frees of blocks that were not known, and frees that were lost. Live bytes may
  // have grown by no more than what those held.
  std::uint64_t unknown_frees = 0;
};

// A site in one of its process's epochs. Rows without a figure are left out; sites that did not
// grow are left out altogether.
struct SiteEpoch {
  StackId stack = kNone;
  std::uint32_t epoch = 0;        // index into Process::epochs
  std::uint64_t least_bytes = 0;  // the fewest live bytes of the site in it
  // In the last epoch of each cohort (kEpochsPerCohort epochs): bytes allocated in the cohort that
  // were still live at the two looks, Process::survivor_looks.
  std::uint64_t survived_first = 0, survived_second = 0;
};
inline constexpr std::size_t kEpochsPerCohort = 4;

// What a leak check says of blocks: see cli.md "Leak kinds". Unclassified: by lifetime alone.
enum class LeakKind : std::uint8_t {
  unclassified = 0,
  definite = 1,
  indirect = 2,
  possible = 3,
  reachable = 4,
};

// Live blocks of one site that are of one kind and, if indirect, belong to one definite site.
struct LeakRow {
  StackId stack = kNone;
  LeakKind kind = LeakKind::unclassified;
  StackId owner = kNone;          // of indirect blocks: the stack of the definite block
  std::uint32_t suppression = 0;  // 1 + index into Session::suppressions; 0: none
  std::uint64_t blocks = 0, bytes = 0;
};

// What a way to a block begins with. Nothing: the first block is itself a leak.
enum class RootKind : std::uint8_t {
  nothing = 0,
  data = 1,  // of an executable or library
  stack = 2,
  registers = 3,
  memory = 4,  // mapped by the program, or by somebody unknown
  heap = 5,    // of the allocator, where not every block is known
  loader = 6,  // the loader's own block
  thread_local_storage = 7,
};

// A block on the way, and the pointer that leads to it.
struct HolderStep {
  StackId stack = kNone;  // that allocated it
  std::uint64_t address = 0, size = 0;
  std::uint64_t pointer_at = 0;  // offset in the block before; of the first one unused
  std::uint64_t inside = 0;      // offset that the pointer leads to, 0: the start
};

// A shortest way from a root to a block, which is the last step.
struct HolderPath {
  LeakKind kind = LeakKind::reachable;  // of that block
  RootKind root = RootKind::nothing;
  std::uint32_t tid = 0;            // of stack, registers, thread-local storage
  std::uint64_t root_address = 0;   // of the pointer; 0: none (registers, loader)
  std::string module;               // of data: path
  std::uint64_t module_offset = 0;  // root_address − where the module begins in memory
  std::string symbol;               // of data: the variable, "" unknown
  std::uint64_t symbol_offset = 0;
  std::uint64_t skipped = 0;  // blocks in the middle that are not listed
  std::vector<HolderStep> steps;
};

// How it was found out which live blocks are leaks.
enum class LeakMethod : std::uint8_t { lifetime = 0, reachability = 1, none = 2 };

struct LeakCheck {
  LeakMethod method = LeakMethod::lifetime;
  bool complete = false;                          // every block was judged with everything seen
  std::uint64_t pause_us = 0;                     // the process stood still for as long
  std::uint64_t root_bytes = 0, block_bytes = 0;  // looked at
  // Not 0: only blocks allocated in the last so many milliseconds were judged.
  std::uint64_t watched_ms = 0;
  std::string reason;  // why by lifetime, or why not complete; "" where all is well
  // Of a process that went on: why its memory was copied or read while it stood still, instead of
  // that of a twin afterwards; "" where it was not.
  std::string long_pause_reason;
};

enum class ExitKind : std::uint8_t { running = 0, exited = 1, signaled = 2, exec = 3, lost = 4 };
enum class Mode : std::uint8_t { idle = 0, exact = 1, sample = 2 };

// One process image: exec closes one and opens the next with the same pid.
struct Process {
  std::uint32_t pid = 0, ppid = 0;
  std::string exe;  // absolute path
  std::vector<std::string> command;
  double start = 0, duration = 0;
  ExitKind exit_kind = ExitKind::running;
  std::int32_t exit_code = 0, exit_signal = 0;
  bool out_of_memory_kill = false;  // the kernel or cgroup said so
  Mode mode = Mode::exact;
  std::uint64_t sample_interval = 0;

  Totals totals;
  HeapFacts heap;
  MappedFacts mapped;
  RssFacts rss;
  Losses losses;
  std::array<FunctionTotals, kFunctionCount> functions{};
  std::vector<Site> sites;
  std::vector<Failure> failures;
  std::vector<LargeAllocation> large;  // the first kMaxLargeEvents; totals.large counts all
  std::vector<ThreadTotals> threads;
  std::array<SizeBucket, kSizeBuckets> sizes{};
  std::vector<TimelineSample> timeline;
  std::vector<HeapEpoch> epochs;
  std::vector<SiteEpoch> site_epochs;
  // When it was looked which blocks survive, in epochs that had ended by then; 0: never.
  std::array<std::uint64_t, 2> survivor_looks{};
  // Soft RLIMIT_AS and RLIMIT_DATA; 0: none.
  std::uint64_t address_space_limit = 0, data_limit = 0;
  LeakCheck leak_check;
  std::vector<LeakRow> leaks;       // of a check by reachability: they sum to the live heap
  std::vector<HolderPath> holders;  // one for each of the sites that hold most, largest first
  std::vector<std::string> notes;  // sentences for the reader: hidden allocator, untraced child …
};

inline constexpr std::size_t kMaxLargeEvents = 1000;
inline constexpr std::size_t kMaxThreadRows = 4095;  // later threads are summed in one row, tid 0

struct Session {
  std::string memwatch_version;
  bool complete = true;  // false: the recording was cut short or the file is damaged at its end
  std::string host;
  double started_at = 0;  // seconds since the Unix epoch
  std::vector<std::string> command;
  std::uint64_t large_threshold = 0;

  // Tables; entry 0 of each is the "none" entry.
  std::vector<Module> modules{1};
  std::vector<CodeAddress> code_addresses{1};
  std::vector<Symbols> symbols{1};  // parallel to code_addresses, may be shorter
  std::vector<StackNode> stacks{1};

  std::vector<std::string> suppressions;  // those that suppressed something, as written

  std::vector<Process> processes;  // in order of start; the first is the root
};

}  // namespace memwatch::model
