// Stacks interned as a tree of (parent, pc) in the segment: an event names its stack by the 32-bit
// id of the innermost node. Nodes are dense in the segment (the collector reads them), the hash
// index over them is private to the process. Lock-free; any thread, any signal handler. When the
// tree is full or /dev/shm has no room, stacks end in protocol::kTruncatedNode and are counted.
#pragma once

#include <atomic>
#include <cstdint>

#include "preload/process_state.h"

namespace memwatch::preload {

// Two of each node's inner neighbours, the first that were met: most nodes have no more. A hint is
// the neighbour's id in the low half and half its pc in the high one; whether it is right, the node
// itself tells.
struct NodeHints {
  std::atomic<std::uint64_t> hints[2];
};
extern std::atomic<NodeHints*> g_node_hints;

// Relaxed: of all its fields the only one that changes once a node can be found, by a flag that
// makes it nobody's; whoever misses that has one more stack of code that is no longer there.
inline std::uint64_t pc_of(const protocol::StackNode& node) {
  return __atomic_load_n(&node.pc, __ATOMIC_RELAXED);
}

// The node for this frame inside of `parent`, if a hint leads there; 0: ask intern_frame.
inline std::uint32_t hinted_node(std::uint32_t parent, std::uint64_t pc) {
  // Acquire: the node was written before a hint led to it (release in intern_frame); a hint may be
  // old or new, the node it leads to is compared.
  const NodeHints* all = g_node_hints.load(std::memory_order_acquire);
  if (all == nullptr) [[unlikely]] {
    return 0;
  }
  const std::uint64_t first = all[parent].hints[0].load(std::memory_order_acquire);
  const std::uint64_t second = all[parent].hints[1].load(std::memory_order_acquire);
  const auto half = static_cast<std::uint32_t>(pc);
  const std::uint64_t hint = static_cast<std::uint32_t>(first >> 32) == half ? first : second;
  const auto id = static_cast<std::uint32_t>(hint);
  const protocol::StackNode& node =
      in_segment<protocol::StackNode>(g_process.segment->geometry.nodes_offset)[id];
  return pc_of(node) == pc && node.parent == parent ? id : 0;
}

// The node for this frame inside of `parent` (0: the outermost frame); 0 when there is no room for
// a new one.
std::uint32_t intern_frame(std::uint32_t parent, std::uint64_t pc);

// Interns frames given innermost first; returns the innermost node's id.
std::uint32_t intern_stack(const std::uint64_t* pcs, unsigned frames, bool truncated);

// Makes code addresses of unloaded modules strangers: their nodes keep their meaning for the
// collector but are never matched again.
void retire_unloaded_nodes();

// Backs memory for this many further nodes, so that no system call is needed for them later.
void back_nodes_ahead(std::uint32_t count);

// For a new segment (start-up, forked child): an empty tree with its mark node. False: no memory.
bool start_stack_tree();

// The addresses of nodes that may never be needed go back to the program, which is about to limit
// its own: about as many stay as fit in so many bytes, and some in any case. One thread at a time.
void give_back_unused_nodes(std::uint64_t bytes);

}  // namespace memwatch::preload
