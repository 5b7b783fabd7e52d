// Memory the shim may use: anonymous mappings of its own, and pages of the shared segment that are
// certain to be backed (a write to a sparse page of a full /dev/shm would be SIGBUS).
// Raw system calls only; callable from anywhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memwatch::preload {

// Zeroed private memory, untouched pages cost nothing; nullptr when the kernel refuses.
void* map_private(std::size_t bytes);

// Makes every page of [from, from + bytes) of a shared mapping backed and writable. False when the
// file system has no room. Idempotent.
bool back_pages(void* from, std::size_t bytes);

}  // namespace memwatch::preload
