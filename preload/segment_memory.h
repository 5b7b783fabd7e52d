// Pages of the shared segment, backed before they are written. Any thread, any signal handler; raw
// system calls only.
#pragma once

#include <cstddef>

namespace memwatch::preload {

// Makes every page of [from, from + bytes) of this process's segment backed and writable. False
// when the file system has no room: then the segment says so, and the user gets to read why events
// are missing.
bool back_segment(void* from, std::size_t bytes);

}  // namespace memwatch::preload
