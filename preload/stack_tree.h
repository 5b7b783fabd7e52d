// Stacks interned as a tree of (parent, pc) in the segment: an event names its stack by the 32-bit
// id of the innermost node. Nodes are dense in the segment (the collector reads them), the hash
// index over them is private to the process. Lock-free; any thread, any signal handler. When the
// tree is full or /dev/shm has no room, stacks end in protocol::kTruncatedNode and are counted.
#pragma once

#include <cstdint>

namespace memwatch::preload {

// Interns frames given innermost first; returns the innermost node's id.
std::uint32_t intern_stack(const std::uint64_t* pcs, unsigned frames, bool truncated);

// Makes code addresses of unloaded modules strangers: their nodes keep their meaning for the
// collector but are never matched again.
void retire_unloaded_nodes();

// Backs memory for this many further nodes, so that no system call is needed for them later.
void back_nodes_ahead(std::uint32_t count);

// For a new segment (start-up, forked child): an empty tree with its mark node. False: no memory.
bool start_stack_tree();

}  // namespace memwatch::preload
