// Pages of the shared segment: backed before they are written, and given back where the program
// needs the addresses more. Any thread, any signal handler; raw system calls only.
#pragma once

#include <cstddef>

#include "shared/segment_layout.h"

namespace memwatch::preload {

// Makes every page of [from, from + bytes) of this process's segment backed and writable. False
// when the file system has no room: then the segment says so, and the user gets to read why events
// are missing.
bool back_segment(void* from, std::size_t bytes);

// Unmaps the pages that lie wholly in [from, to) of the segment, one of its parts to its end.
// Nobody may be at work in them. The program may be given these addresses next. One thread at a
// time.
void give_back_segment(void* from, void* to);

// What is left of a segment that is no longer used: unmapped, or replaced by private memory for a
// hook that was interrupted and will go on writing. The next one begins whole.
enum class Leftover { unmap, replace };
void let_go_of_segment(protocol::SegmentHeader* segment, Leftover leftover);

}  // namespace memwatch::preload
