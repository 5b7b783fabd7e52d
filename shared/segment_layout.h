// One shared-memory segment per traced process: header, thread slots, sequence shards, stack nodes,
// modules, flight ring, rings. Bytes only; PROTOCOL.md has the picture and the rules.
//
// Writers: "target" fields are written by the shim, "collector" fields by the collector, "creator"
// fields once before the segment is published. Fields of different writers are on different cache
// lines. No pointers, only offsets from the segment's start. Both sides copy before they check and
// check before they use. The object is sparse: a page may be written only after its owner made sure
// that it is backed (a full /dev/shm would otherwise kill the target with SIGBUS).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "shared/record_layout.h"
#include "shared/version.h"

namespace memwatch::protocol {

template <typename T>
using Shared = std::atomic<T>;
static_assert(Shared<std::uint64_t>::is_always_lock_free && sizeof(Shared<std::uint64_t>) == 8);
static_assert(Shared<std::uint32_t>::is_always_lock_free && sizeof(Shared<std::uint32_t>) == 4);

// What the target does; the value of SegmentHeader::control.
enum class Control : std::uint32_t {
  idle = 0,    // counters and flight ring only
  exact = 1,   // every event goes into a ring
  sample = 2,  // allocations are sampled by bytes, failures and pages all recorded
  // The same two while a leak check watches: what the mode does goes on as ever, and every
  // allocation and free of the heap goes into a ring besides.
  sample_watched = 3,
  idle_watched = 5,
};

// Does every event have to be recorded? One bit, since each call of the target asks.
constexpr bool wants_every_event(std::uint32_t control) {
  return (control & 1) != 0;
}
static_assert(wants_every_event(static_cast<std::uint32_t>(Control::exact)) &&
              wants_every_event(static_cast<std::uint32_t>(Control::sample_watched)) &&
              wants_every_event(static_cast<std::uint32_t>(Control::idle_watched)) &&
              !wants_every_event(static_cast<std::uint32_t>(Control::sample)) &&
              !wants_every_event(static_cast<std::uint32_t>(Control::idle)));

// What the mode is apart from a watch.
constexpr Control without_watch(Control mode) {
  if (mode == Control::idle_watched) return Control::idle;
  return mode == Control::sample_watched ? Control::sample : mode;
}

enum class OnFull : std::uint32_t {
  block = 0,  // wait for the collector, bounded, never for a dead one
  drop = 1,   // count and go on
};

// What is a large allocation while no collector is there. Lower than the thresholds that collectors
// usually have, since one that comes later asks for those above its own: a service that loads its
// data before the daemon has found it. Calls of that size cost a mapping and its faults, beside
// which an entry of the flight ring is nothing.
inline constexpr std::uint64_t kUnattendedLargeBytes = 16ULL << 20;

// SegmentHeader::ready of a process that could not set itself up and runs unrecorded.
inline constexpr std::uint32_t kNoRoom = 2;       // /dev/shm had none
inline constexpr std::uint32_t kNoAddresses = 3;  // its limit on address space leaves none

// Why a forked child runs unrecorded: it can tell nobody but its parent's segment, which it still
// has mapped; the index of SegmentHeader::children_unrecorded.
enum class Unrecorded : std::uint32_t {
  sandbox = 0,        // it may make no system call
  no_permission = 1,  // the socket is another user's
  not_found = 2,      // there is no such socket in its file system
  no_descriptor = 3,  // it has none to spare
  no_memory = 4,      // a limit of its own leaves no room for the segment, or the system has none
  no_answer = 5,      // nobody answered in time
};
inline constexpr std::size_t kUnrecordedReasons = 6;

// Where SegmentHeader::programs keeps the last of what it names; the collector looks often.
inline constexpr std::uint32_t kProgramEntries = 64;

// An entry of SegmentHeader::programs, the `number`th from 0: a child that was not forked (vfork,
// posix_spawn) executes a program, or had said so and failed. It tells its number, so that a reader
// knows one that is not written yet.
constexpr std::uint64_t program_entry(std::uint32_t number, std::uint32_t pid, bool has_failed) {
  constexpr std::uint32_t kFailed = 1U << 31;
  return (static_cast<std::uint64_t>(number + 1) << 32) | (has_failed ? kFailed : 0) |
         (pid & ~kFailed);
}
constexpr bool is_program_entry(std::uint64_t entry, std::uint32_t number) {
  return static_cast<std::uint32_t>(entry >> 32) == number + 1;
}
constexpr std::uint32_t program_pid(std::uint64_t entry) {
  return static_cast<std::uint32_t>(entry) & 0x7fffffff;
}
constexpr bool has_program_failed(std::uint64_t entry) {
  return (entry & (1U << 31)) != 0;
}

inline constexpr std::size_t kMaxRendezvousPath = 108;  // sizeof sockaddr_un::sun_path

// Offsets and capacities of the parts, fixed by the creator.
struct Geometry {
  std::uint64_t segment_bytes;
  std::uint64_t slots_offset, shards_offset, nodes_offset, modules_offset, names_offset;
  std::uint64_t flight_offset, rings_offset;
  std::uint32_t slots, nodes, modules, names_bytes, flight_entries;
  // Rings come in three sizes: the first threads of a process get long ones.
  std::uint32_t long_rings, middle_rings;               // the remaining slots are short
  std::uint32_t long_slots, middle_slots, short_slots;  // 16-byte slots per ring, powers of two
};

// The registers that a function has to leave as they were: what a caller may keep in them.
inline constexpr std::size_t kExitRegisters = 6;

// Memory in the target that is the shim's own, so that a leak check does not take what is
// remembered there for the program's pointers. Lies in the target's memory, not in the segment.
struct PrivateMapping {
  std::uint64_t start, bytes;
};
inline constexpr std::uint32_t kMaxPrivateMappings = 4096;
struct PrivateMappings {
  Shared<std::uint64_t> count;  // may exceed what the array holds
  PrivateMapping mappings[kMaxPrivateMappings];
};

// Which calls fail on purpose (docs/failure-injection.md). A call counts if it meets every
// condition that is set; of the calls that count, in the order in which the process makes them,
// these fail: number `first_failing` and (`later_too`) all after it, each `every`th, or those that
// chance takes.
struct Injection {
  Shared<std::uint32_t> is_wanted;   // 1: what follows holds (release; matched by the acquire load
                                     // in preload/inject_failures)
  Shared<std::uint32_t> flags;       // kInjection…
  Shared<std::uint64_t> least_size;  // bytes; 0: any
  Shared<std::uint64_t> heap_bytes;  // the live heap would exceed these; kNoLimit: no condition
  Shared<std::uint64_t> first_failing;  // 0: no condition
  Shared<std::uint64_t> every;          // 0: no condition
  Shared<std::uint64_t> chance;         // of 2^32
  Shared<std::uint64_t> seed;
};
inline constexpr std::uint32_t kInjectionLaterToo = 1;
inline constexpr std::uint32_t kInjectionByChance = 2;    // `chance` and `seed` are meant
inline constexpr std::uint32_t kInjectionByStack = 4;     // the collector is asked about the stack
inline constexpr std::uint32_t kInjectionBeforeMain = 8;  // calls before main count as well
inline constexpr std::uint64_t kNoLimit = ~0ULL;
static_assert(sizeof(Injection) == 56);

// What a program is told of itself (client/memwatch/memwatch.h has the same fields in this order).
struct Counters {
  std::uint64_t allocations, reallocations, frees;
  std::uint64_t allocated_bytes, freed_bytes;
  std::uint64_t failed;
  std::uint64_t live_blocks, live_bytes;
  std::uint64_t peak_bytes;  // since the question before
  std::uint64_t thread_allocations, thread_allocated_bytes;
};
static_assert(sizeof(Counters) == 88);

struct SegmentHeader {
  // Creator.
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::uint64_t segment_id;  // random; the fork child of a process names its parent by it
  Geometry geometry;

  // Target, once, before `ready`.
  alignas(64) std::uint32_t pid;
  std::uint32_t uid;
  std::uint64_t start_time;  // of the process, clock ticks since boot (/proc/PID/stat, field 22)
  std::uint64_t fork_token;  // of the parent's fork record; 0: not a known fork
  std::uint64_t parent_segment_id;
  Shared<std::uint32_t> ready;  // 1: fields above are valid (release; matched by the acquire load
                                // in collector/intake/segment)

  // Collector.
  alignas(64) Shared<std::uint32_t> control;  // Control; the target may set it back to idle when
                                              // the collector is dead
  Shared<std::uint32_t> on_full;              // OnFull
  Shared<std::uint64_t> epoch;                // milliseconds since the session's start
  Shared<std::uint64_t> heartbeat_ms;         // CLOCK_MONOTONIC in milliseconds
  Shared<std::uint64_t> large_bytes;          // threshold of large allocations
  Shared<std::uint32_t> collector_pid;        // 0: none
  Shared<std::uint32_t> collector_start_low;  // low half of the collector's start time
  Shared<std::uint64_t> live_bytes;           // of the traced heap, as the collector knows it
  Shared<std::uint64_t> sample_interval;      // mean bytes between samples in sample mode
  char rendezvous[kMaxRendezvousPath];        // where children introduce themselves; "" nowhere
  Shared<std::uint32_t> leak_check;           // 1: the target waits at its end for exit_released
  Shared<std::uint32_t> exit_released;        // 1: it may end; also a futex

  // Target, rarely.
  alignas(64) Shared<std::uint32_t> slots_used;  // high-water mark
  Shared<std::uint32_t> nodes_used;              // reserved; may exceed what is written by a moment
  Shared<std::uint32_t> modules_used;
  Shared<std::uint32_t> names_used;
  Shared<std::uint64_t> flight_next;                         // tickets handed out
  Shared<std::uint64_t> dropped_allocations, dropped_frees;  // of threads that have no ring
  Shared<std::uint64_t> truncated_stacks;
  Shared<std::uint64_t> stack_mismatches;  // stacks on which the two unwinders disagreed
  Shared<std::uint64_t> gave_up;          // times the target stopped waiting for a silent collector
  Shared<std::uint32_t> second_unwinder;  // 0 not asked for, 1 loaded, 2 could not be loaded
  Shared<std::uint32_t> exec_pending;     // an exec is under way; cleared if it fails
  Shared<std::uint32_t> exit_seen;        // 1: exit_status is valid
  Shared<std::int32_t> exit_status;
  Shared<std::uint32_t> no_room;  // 1: the file system had no room for a page that was needed
  Shared<std::uint32_t> hooks_abandoned;  // times a longjmp left hooks behind, each perhaps with a
                                          // number that nobody will tell
  Shared<std::uint64_t> peak_rss;  // bytes, at its end; 0: not known (killed, or an earlier image
                                   // of the process, before an exec, had more)
  // Events that a watch missed, of threads that have no ring.
  Shared<std::uint64_t> unwatched_allocations, unwatched_frees;

  // Free memory goes back to the system when asked: whoever wants it raises `trim_wanted`, the
  // target follows with `trim_begun` and, when it is done, `trim_done`.
  alignas(64) Shared<std::uint32_t> trim_wanted;
  Shared<std::uint32_t> trim_begun, trim_done;

  // Target, at its end.
  alignas(64) Shared<std::uint32_t> exit_waiting;  // 1: what follows is valid, a thread waits for
                                                   // exit_released (release; matched by the acquire
                                                   // load in collector/recording/leak_check)
  std::uint32_t exit_tid;
  std::uint64_t exit_stack_pointer;  // what lies below is the shim's, or main's that has returned
  std::uint64_t exit_registers[kExitRegisters];
  // Where the target keeps the list of the mappings that the shim made for itself, once.
  std::uint64_t private_mappings;  // address of a PrivateMappings in the target
  // How a thread of the target is made to give the collector a twin of the process, once.
  std::uint64_t twin_call;  // address of a TwinCall (shared/twin_call.h) in the target; 0: none

  // A question of the program's, one at a time: it takes `query_owner`, writes a query record with
  // the next number and waits for `query_answered` to be it (release, also a futex; matched by the
  // acquire load in preload/question).
  alignas(64) Shared<std::uint32_t> query_owner;  // tid of who asks; 0: nobody
  Shared<std::uint32_t> query_number;             // of the last question
  Shared<std::uint32_t> query_answered;
  Counters query_counters;

  // Collector, when it creates the segment.
  alignas(64) Injection injection;

  // What the target has to know before it lets a call fail, one question at a time: it takes
  // `judge_owner`, names a stack (or none: then it is about the live heap), says so with the next
  // `judge_number` (release; matched by the acquire load in collector/intake/tracked_process), and
  // waits for `judge_answered` to be it (release, also a futex; matched by the acquire load in
  // preload/question).
  alignas(64) Shared<std::uint32_t> judge_owner;  // tid of who asks; 0: nobody
  Shared<std::uint32_t> judge_stack;              // innermost node; 0: about the live heap
  Shared<std::uint32_t> judge_number;             // of the last question
  Shared<std::uint32_t> unjudged;  // questions that were not answered in time: those calls go on
  alignas(64) Shared<std::uint32_t> judge_answered;  // collector, with what follows
  Shared<std::uint32_t> judge_verdict;               // 1: the stack is meant
  Shared<std::uint64_t> judge_live_bytes;            // of the heap

  // Target, and children that were forked from it and got no segment, by reason (Unrecorded).
  alignas(64) Shared<std::uint32_t> children_unrecorded[kUnrecordedReasons];

  // Target and its vfork children: programs that were executed without a fork, since these have no
  // record before they introduce themselves, and a program that cannot be recorded never does.
  alignas(64) Shared<std::uint32_t> programs_begun;  // entries handed out, modulo 2^32
  Shared<std::uint64_t> programs[kProgramEntries];   // program_entry(); the nth at n % 64
};
static_assert(sizeof(SegmentHeader) <= 4096);
// The same on every system and processor, as PROTOCOL.md draws it.
static_assert(sizeof(Geometry) == 104 && sizeof(SegmentHeader) == 1664);
static_assert(sizeof(PrivateMapping) == 16 && offsetof(PrivateMappings, mappings) == 8);
static_assert(offsetof(SegmentHeader, segment_id) == 16 && offsetof(SegmentHeader, geometry) == 24);
static_assert(offsetof(SegmentHeader, pid) == 128 && offsetof(SegmentHeader, ready) == 160);
static_assert(offsetof(SegmentHeader, control) == 192 &&
              offsetof(SegmentHeader, heartbeat_ms) == 208 &&
              offsetof(SegmentHeader, rendezvous) == 248 &&
              offsetof(SegmentHeader, exit_released) == 360);
static_assert(offsetof(SegmentHeader, slots_used) == 384 &&
              offsetof(SegmentHeader, flight_next) == 400 &&
              offsetof(SegmentHeader, peak_rss) == 472 &&
              offsetof(SegmentHeader, unwatched_allocations) == 480);
static_assert(
    offsetof(SegmentHeader, trim_wanted) == 512 && offsetof(SegmentHeader, exit_waiting) == 576 &&
    offsetof(SegmentHeader, private_mappings) == 640 && offsetof(SegmentHeader, twin_call) == 648 &&
    offsetof(SegmentHeader, query_owner) == 704 && offsetof(SegmentHeader, query_counters) == 720 &&
    offsetof(SegmentHeader, injection) == 832 && offsetof(SegmentHeader, judge_owner) == 896 &&
    offsetof(SegmentHeader, judge_answered) == 960 &&
    offsetof(SegmentHeader, children_unrecorded) == 1024 &&
    offsetof(SegmentHeader, programs_begun) == 1088 && offsetof(SegmentHeader, programs) == 1096);

// A thread's ring and counters. Positions count 16-byte slots since the ring's first use and never
// go back.
struct ThreadSlot {
  // Target, hot.
  alignas(64)
      Shared<std::uint64_t> published;  // records before this are complete (release; matched
                                        // by the acquire load in collector/intake/tracked_process)
  Shared<std::uint32_t> owner_tid;      // 0: never used
  Shared<std::uint32_t> sequenced;      // 1: its records carry sequence numbers
  Shared<std::uint64_t> dropped_allocations, dropped_frees;
  // Target, idle mode.
  Shared<std::uint64_t> idle_allocations, idle_frees, idle_bytes;
  // Events that a watch missed for want of room, modulo 2^32.
  Shared<std::uint32_t> unwatched_allocations, unwatched_frees;
  // Collector.
  alignas(
      64) Shared<std::uint64_t> consumed;  // slots before this may be overwritten (release;
                                           // matched by the acquire load in preload/thread_ring)
};
static_assert(sizeof(ThreadSlot) == 128);

// Order of events on one address across threads: once a process has a second thread, every event
// takes the next number of its address's shard, an allocation after the real call and a free before
// it. Numbers of a shard are dense, so the collector merges rings exactly.
struct Shard {
  Shared<std::uint32_t> next;
};
inline constexpr std::uint32_t kAddressShards = 4096;
inline constexpr std::uint32_t kMappingShard = kAddressShards;  // all page events share one
inline constexpr std::uint32_t kShards = kAddressShards + 16;

constexpr std::uint32_t shard_of(std::uint64_t address) {
  return static_cast<std::uint32_t>(((address >> 4) * 0x9e3779b97f4a7c15ULL) >> (64 - 12));
}
static_assert(kAddressShards == 1U << 12);

// A stack is its innermost node; parents lead outwards. Node 0 is "no stack"; node 1 is the mark
// of a stack that was cut off. Written before any record that names it is published.
struct StackNode {
  std::uint64_t pc;  // bits 0–61; flags kExactPc and kRetiredPc
  std::uint32_t parent;
  std::uint32_t module;  // index into the module table, 0 unknown
};
static_assert(sizeof(StackNode) == 16);
inline constexpr std::uint64_t kExactPc = 1ULL << 63;  // not a return address but the pc itself
inline constexpr std::uint64_t kRetiredPc = 1ULL
                                            << 62;  // its code was unloaded; never matched again
inline constexpr std::uint64_t kPcMask = kRetiredPc - 1;
inline constexpr std::uint32_t kTruncatedNode = 1;
inline constexpr std::uint32_t kFirstNode = 2;

struct ModuleEntry {
  std::uint64_t start, end;               // addresses the module covers
  std::uint64_t bias;                     // pc − bias is the module's own virtual address
  std::uint32_t name_offset, name_bytes;  // in the names area; 0 bytes: the main program
  std::uint8_t build_id_bytes;
  std::uint8_t build_id[23];
  Shared<std::uint32_t> ready;  // 1: complete (release; matched in collector/intake/stack_importer)
  std::uint32_t reserved;
};
static_assert(sizeof(ModuleEntry) == 64);

// Large allocations and failures of idle mode; overwrites its oldest.
struct FlightEntry {
  Shared<std::uint64_t> ticket;  // 1 + number of the event when complete, 0 while written
  std::uint64_t size;
  std::uint64_t at_ms;  // CLOCK_MONOTONIC
  std::uint32_t stack, tid;
  std::uint32_t function;
  std::uint32_t error_number;  // 0: a large allocation that succeeded
  std::uint64_t address;
  std::uint64_t reserved[2];
};
static_assert(sizeof(FlightEntry) == 64);

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t step) {
  return (value + step - 1) / step * step;
}

constexpr std::uint64_t ring_bytes_total(const Geometry& g) {
  return sizeof(Slot) *
         (static_cast<std::uint64_t>(g.long_rings) * g.long_slots +
          static_cast<std::uint64_t>(g.middle_rings) * g.middle_slots +
          static_cast<std::uint64_t>(g.slots - g.long_rings - g.middle_rings) * g.short_slots);
}

constexpr std::uint32_t ring_slots(const Geometry& g, std::uint32_t slot) {
  if (slot < g.long_rings) return g.long_slots;
  if (slot < g.long_rings + g.middle_rings) return g.middle_slots;
  return g.short_slots;
}

constexpr std::uint64_t ring_offset(const Geometry& g, std::uint32_t slot) {
  std::uint64_t before = 0;
  if (slot < g.long_rings) {
    before = static_cast<std::uint64_t>(slot) * g.long_slots;
  } else if (slot < g.long_rings + g.middle_rings) {
    before = static_cast<std::uint64_t>(g.long_rings) * g.long_slots +
             static_cast<std::uint64_t>(slot - g.long_rings) * g.middle_slots;
  } else {
    before = static_cast<std::uint64_t>(g.long_rings) * g.long_slots +
             static_cast<std::uint64_t>(g.middle_rings) * g.middle_slots +
             static_cast<std::uint64_t>(slot - g.long_rings - g.middle_rings) * g.short_slots;
  }
  return g.rings_offset + before * sizeof(Slot);
}

// Places the parts one after another, each on a page of its own.
constexpr Geometry place_parts(Geometry g) {
  constexpr std::uint64_t kPage = 4096;
  std::uint64_t at = kPage;
  const auto take = [&at](std::uint64_t bytes) {
    const std::uint64_t offset = at;
    at = round_up(at + bytes, kPage);
    return offset;
  };
  g.slots_offset = take(static_cast<std::uint64_t>(g.slots) * sizeof(ThreadSlot));
  g.shards_offset = take(static_cast<std::uint64_t>(kShards) * sizeof(Shard));
  g.nodes_offset = take(static_cast<std::uint64_t>(g.nodes) * sizeof(StackNode));
  g.modules_offset = take(static_cast<std::uint64_t>(g.modules) * sizeof(ModuleEntry));
  g.names_offset = take(g.names_bytes);
  g.flight_offset = take(static_cast<std::uint64_t>(g.flight_entries) * sizeof(FlightEntry));
  g.rings_offset = take(ring_bytes_total(g));
  g.segment_bytes = at;
  return g;
}

// The ordinary segment: 170 MB of addresses, of which a small program touches some hundred KB. The
// rings of a program's first threads are long; those of many threads must fit the caches together.
constexpr Geometry ordinary_geometry() {
  Geometry g{};
  g.slots = 2048;
  g.nodes = 4U << 20;
  g.modules = 4096;
  g.names_bytes = 1U << 20;
  g.flight_entries = 1024;
  g.long_rings = 4;
  g.middle_rings = 124;
  g.long_slots = 1U << 16;
  g.middle_slots = 1U << 14;
  g.short_slots = 1U << 11;
  return place_parts(g);
}

static_assert(ordinary_geometry().rings_offset == 0x4196000);
static_assert(ordinary_geometry().segment_bytes == 168'386'560);

// For targets under RLIMIT_AS or RLIMIT_FSIZE and for a small /dev/shm.
constexpr Geometry compact_geometry() {
  Geometry g{};
  g.slots = 256;
  g.nodes = 256U << 10;
  g.modules = 1024;
  g.names_bytes = 256U << 10;
  g.flight_entries = 256;
  g.long_rings = 4;
  g.middle_rings = 28;
  g.long_slots = 1U << 14;
  g.middle_slots = 1U << 12;
  g.short_slots = 1U << 11;
  return place_parts(g);
}

// Sequences are told apart modulo 2^23, so less than that may be outstanding in all rings together.
static_assert(ring_bytes_total(ordinary_geometry()) / sizeof(Slot) < (1U << kSequenceBits));
static_assert(ring_bytes_total(compact_geometry()) / sizeof(Slot) < (1U << kSequenceBits));

// Is a geometry read from a segment of `mapped_bytes` safe to use? Checks every offset and bound.
constexpr bool is_sound(const Geometry& g, std::uint64_t mapped_bytes) {
  const auto power_of_two = [](std::uint32_t n) { return n >= 64 && (n & (n - 1)) == 0; };
  if (g.slots == 0 || g.slots > 65536 || g.nodes < kFirstNode || g.nodes > (1U << 28)) return false;
  if (g.modules == 0 || g.modules > (1U << 20) || g.names_bytes > (1U << 28)) return false;
  if (g.flight_entries == 0 || g.flight_entries > (1U << 20)) return false;
  if (g.long_rings > g.slots || g.middle_rings > g.slots - g.long_rings) return false;
  for (const std::uint32_t slots : {g.long_slots, g.middle_slots, g.short_slots}) {
    if (!power_of_two(slots) || slots > (1U << 24)) return false;
  }
  const Geometry placed = place_parts(g);
  return placed.segment_bytes == g.segment_bytes && g.segment_bytes <= mapped_bytes &&
         placed.slots_offset == g.slots_offset && placed.shards_offset == g.shards_offset &&
         placed.nodes_offset == g.nodes_offset && placed.modules_offset == g.modules_offset &&
         placed.names_offset == g.names_offset && placed.flight_offset == g.flight_offset &&
         placed.rings_offset == g.rings_offset;
}

}  // namespace memwatch::protocol
