// The daemon stays small: what it no longer needs goes back to the system. Any thread.
#pragma once

namespace memwatch::server {

// Pages of the program file that only its start needed (options, help, other commands). Without
// this 4.2 of the 5.6 MiB that were the daemon's alone were pages of this file; what it needs again
// comes from the page cache.
void drop_program_pages();

// Free blocks of the heap, after many processes have been forgotten. Takes a millisecond or so.
void give_back_heap();

}  // namespace memwatch::server
