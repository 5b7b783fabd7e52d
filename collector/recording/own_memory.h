// A collector that runs for long stays small: what it no longer needs goes back to the system. Any
// thread.
#pragma once

namespace memwatch::recording {

// Pages of the program and its libraries that only the start needed: options, help, relocation,
// other commands. They are counted as the collector's own where nothing else runs that file, and
// the kernel maps sixteen at once around each one that is touched; what is needed again comes from
// the page cache, at the cost of a page fault (once a second, of all that the daemon does in it:
// 0.05 % of a processor, for 1.3 MiB less in between and 1.6 less at most).
void drop_program_pages();

// Free blocks of the heap, after processes have been forgotten. Takes a millisecond or so.
void give_back_heap();

}  // namespace memwatch::recording
