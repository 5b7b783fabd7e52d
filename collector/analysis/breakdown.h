// Resident memory explained: every page that ps counts, by what it is for. The parts sum to `rss`
// to the byte, because each byte of a mapping goes to one part and what nothing claims is
// `untracked`.
//
// The heap is the difficult part: what a program has allocated is addresses, and only what it has
// touched is memory. So each live block counts with the bytes of it that lie in present pages:
//
//   page map    |present |  absent|present |present |        present bytes of block b: 700 + 4096
//   blocks       aaaa   bb bbbbbbbb bbbbbbbb  cc             (the absent page is no memory)
//
// Exact where every block and the page map are known; else an estimate, and `estimated` says so: of
// a sample each block counts for what it stands for; without the page map a mapping's present bytes
// are taken to be spread evenly. Memory of the allocator that no live block lies in is divided by
// glibc's rules (malloc/malloc.c): 8 bytes before each block, sizes rounded to 16, 32 at the least,
// and whole pages for blocks with a mapping of their own.
//
// Kinds of mappings are told by what the kernel says of them: stacks by the stack pointers of the
// threads and by the guard page below, arenas by their alignment (64 MiB), data of a library that
// has no file (.bss) by lying behind the data that has.
//
// Page tables and swapped pages are no part of what ps shows; they stand beside it.
// Thread safety: pure. Errors: none. Bytes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "collector/model/session.h"
#include "collector/procfs/page_map.h"
#include "collector/procfs/smaps.h"

namespace memwatch::analysis {

using AddressRange = std::pair<std::uint64_t, std::uint64_t>;  // start, end

// What the recording knows of a process's memory at one moment.
struct HeapFacts {
  struct Block {
    std::uint64_t address = 0, size = 0;
    std::uint64_t stands_for = 0;  // bytes; the size, but of a sampled block
    std::uint32_t library = 0;     // index into `libraries`
  };
  bool is_followed = false;            // false: no block is known (idle, or nobody records it)
  bool is_sample = false;              // blocks stand for others
  bool has_unknown_blocks = false;     // some are older than the recording, or were lost
  std::vector<Block> blocks;           // in any order
  std::vector<std::string> libraries;  // whose code allocated; "" code of no file
  std::vector<AddressRange> program_mappings;   // made by the program's own calls of mmap
  std::vector<AddressRange> memwatch_mappings;  // made by the preloaded library
};

// What the kernel says at about the same moment.
struct MemoryFacts {
  std::vector<procfs::ResidentMapping> mappings;
  std::vector<procfs::ResidentPages> pages;  // of mappings that are partly present, ascending
  bool has_pages = false;                    // false: the page map may not be read
  std::vector<std::uint64_t> stack_pointers;
  std::uint64_t page_tables = 0;
  std::uint64_t vms = 0, minor_faults = 0, major_faults = 0;
};

struct BreakdownItem {
  std::string name;  // a path; "" where there is none
  std::uint64_t bytes = 0;
  std::uint64_t live_bytes = 0;  // of the heap: allocated, present or not
};

struct Breakdown {
  std::uint64_t rss = 0;
  // These sum to rss.
  std::uint64_t heap = 0;                // live blocks
  std::uint64_t allocator_overhead = 0;  // headers and rounding
  std::uint64_t allocator_free = 0;      // freed or never handed out, or in blocks not known
  std::uint64_t mapped = 0;              // the program's own anonymous mappings
  std::uint64_t stacks = 0;
  std::uint64_t libraries = 0;  // programs and libraries: code, constants, data
  std::uint64_t files = 0;      // other mapped files
  std::uint64_t shared = 0;     // shared memory
  std::uint64_t memwatch = 0;   // the preloaded library, its segment and its mappings
  std::uint64_t untracked = 0;
  // The largest first; each list sums to its part.
  std::vector<BreakdownItem> heap_by_library, library_files, other_files, shared_by_name;
  // Beside rss.
  std::uint64_t page_tables = 0, swap = 0;
  std::uint64_t vms = 0;                             // address space
  std::uint64_t minor_faults = 0, major_faults = 0;  // since its start

  bool estimated = false;
  std::vector<std::string> notes;  // sentences: why, and what could not be known
};

Breakdown break_down(const HeapFacts& heap, const MemoryFacts& memory);

}  // namespace memwatch::analysis
