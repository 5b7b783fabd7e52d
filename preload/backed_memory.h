// Memory the shim may use: anonymous mappings of its own, and pages of the shared segment that are
// certain to be backed (a write to a sparse page of a full /dev/shm would be SIGBUS).
// Raw system calls only; callable from anywhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memwatch::preload {

// Zeroed private memory, untouched pages cost nothing; nullptr when the kernel refuses.
void* map_private(std::size_t bytes);

// Gives back what of such a mapping lies beyond `keep` bytes; `bytes` are its size so far.
void unmap_private(void* mapping, std::size_t keep, std::size_t bytes);

// Where the ranges that map_private gave are listed, for a leak check to leave them out.
const void* list_of_private_mappings();

// In a forked child: its list begins anew. What the child keeps of its parent is forgotten; a leak
// check merely looks at more than it has to.
void forget_private_mappings();

// Makes every page of [from, from + bytes) of a shared mapping backed and writable. False when the
// file system has no room. Idempotent.
bool back_pages(void* from, std::size_t bytes);

}  // namespace memwatch::preload
