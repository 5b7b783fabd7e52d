#include "preload/stack_tree.h"

#include <sys/mman.h>

#include <atomic>

#include "preload/backed_memory.h"
#include "preload/module_table.h"
#include "preload/process_state.h"
#include "preload/raw_syscalls_linux.h"
#include "preload/sandbox.h"
#include "preload/segment_memory.h"

namespace memwatch::preload {

constinit std::atomic<NodeHints*> g_node_hints{nullptr};

namespace {

using namespace protocol;

// Buckets follow the parents' ids, which are dense, so memory is touched as the tree grows and
// neighbours in the tree are neighbours here: with buckets all over a table of 2^18 a stack that
// nobody had seen before cost three times as much. A parent's children spread over so many buckets:
constexpr std::uint32_t kSpreadBits = 8;
constexpr std::uint32_t kBackingStep = 4096;  // nodes: 64 KiB at a time
constexpr std::uint32_t kMaxNodes = ordinary_geometry().nodes;

// Private: heads of the hash chains, and each node's successor in its chain.
struct Index {
  std::atomic<std::uint32_t> heads[kMaxNodes + (1U << kSpreadBits)];
  std::atomic<std::uint32_t> next[kMaxNodes];
  NodeHints hints[kMaxNodes];
};
constinit std::atomic<Index*> g_index{nullptr};
constinit std::atomic<std::uint32_t> g_backed_nodes{0};

StackNode* nodes() {
  return in_segment<StackNode>(g_process.segment->geometry.nodes_offset);
}

std::uint32_t bucket_of(std::uint32_t parent, std::uint64_t pc) {
  return parent + static_cast<std::uint32_t>((pc * 0x9e3779b97f4a7c15ULL) >> (64 - kSpreadBits));
}

std::uint32_t find_in_chain(const Index& index, std::uint32_t head, std::uint32_t parent,
                            std::uint64_t pc) {
  const StackNode* tree = nodes();
  for (std::uint32_t id = head; id != 0;
       id = index.next[id].load(std::memory_order_relaxed)) {  // published with the head
    if (tree[id].pc == pc && tree[id].parent == parent) return id;
  }
  return 0;
}

bool back_node(std::uint32_t id) {
  std::uint32_t backed = g_backed_nodes.load(std::memory_order_relaxed);
  if (id < backed) return true;
  const std::uint32_t capacity = g_process.segment->geometry.nodes;
  std::uint32_t end = id / kBackingStep * kBackingStep + kBackingStep;
  if (end > capacity) end = capacity;
  if (is_sandboxed()) return false;
  if (!back_segment(nodes() + backed,
                    static_cast<std::uint64_t>(end - backed) * sizeof(StackNode))) {
    return false;
  }
  // Relaxed: only tells which pages exist; several threads may back the same ones.
  while (backed < end &&
         !g_backed_nodes.compare_exchange_weak(backed, end, std::memory_order_relaxed)) {
  }
  return true;
}

// 0: no room.
std::uint32_t reserve_node() {
  SegmentHeader& header = *g_process.segment;
  std::uint32_t id = header.nodes_used.load(std::memory_order_relaxed);
  const std::uint32_t capacity =
      header.geometry.nodes < kMaxNodes ? header.geometry.nodes : kMaxNodes;
  do {
    if (id >= capacity) return 0;
  } while (!header.nodes_used.compare_exchange_weak(id, id + 1, std::memory_order_relaxed));
  return back_node(id) ? id : 0;
}

std::uint32_t intern(Index& index, std::uint32_t parent, std::uint64_t pc) {
  std::atomic<std::uint32_t>& bucket = index.heads[bucket_of(parent, pc)];
  std::uint32_t head = bucket.load(std::memory_order_acquire);
  if (const std::uint32_t id = find_in_chain(index, head, parent, pc); id != 0) return id;

  const std::uint32_t id = reserve_node();
  if (id == 0) return 0;
  nodes()[id] = StackNode{pc, parent, module_of((pc & ~kExactPc) - ((pc & kExactPc) != 0 ? 0 : 1))};
  for (;;) {
    index.next[id].store(head, std::memory_order_relaxed);
    // Release: the node before its id; matched by the acquire load of the head above.
    if (bucket.compare_exchange_weak(head, id, std::memory_order_acq_rel)) return id;
    // Another thread was faster; if it made the same node, ours stays unused.
    if (const std::uint32_t same = find_in_chain(index, head, parent, pc); same != 0) return same;
  }
}

}  // namespace

std::uint32_t intern_frame(std::uint32_t parent, std::uint64_t pc) {
  Index* index = g_index.load(std::memory_order_acquire);
  if (index == nullptr) return 0;
  const std::uint32_t id = intern(*index, parent, pc);
  if (id == 0) return 0;
  for (std::atomic<std::uint64_t>& hint : index->hints[parent].hints) {
    if (hint.load(std::memory_order_relaxed) != 0) continue;
    // Release: the node before what leads to it. A race between two threads loses a hint, no more.
    hint.store(id | (pc << 32), std::memory_order_release);
    break;
  }
  return id;
}

std::uint32_t intern_stack(const std::uint64_t* pcs, unsigned frames, bool truncated) {
  Index* index = g_index.load(std::memory_order_acquire);
  if (index == nullptr) return 0;
  std::uint32_t node = truncated ? kTruncatedNode : 0;
  for (unsigned i = frames; i-- > 0;) {
    const std::uint32_t child = intern(*index, node, pcs[i]);
    if (child == 0) {
      g_process.segment->truncated_stacks.fetch_add(1, std::memory_order_relaxed);
      return node == 0 ? kTruncatedNode : node;
    }
    node = child;
  }
  if (truncated) g_process.segment->truncated_stacks.fetch_add(1, std::memory_order_relaxed);
  return node;
}

void retire_unloaded_nodes() {
  StackNode* tree = nodes();
  const std::uint32_t used = g_process.segment->nodes_used.load(std::memory_order_acquire);
  const std::uint32_t backed = g_backed_nodes.load(std::memory_order_relaxed);
  for (std::uint32_t id = kFirstNode; id < used && id < backed; ++id) {
    // A module that is still known keeps its index; for an unloaded one module_of finds another.
    if (tree[id].module == 0 || (tree[id].pc & kRetiredPc) != 0) continue;
    const std::uint64_t pc = tree[id].pc & ~kExactPc;
    const std::uint64_t code = pc - ((tree[id].pc & kExactPc) != 0 ? 0 : 1);
    if (module_of(code) != tree[id].module) tree[id].pc |= kRetiredPc;
  }
}

void back_nodes_ahead(std::uint32_t count) {
  const std::uint32_t capacity = g_process.segment->geometry.nodes;
  const std::uint32_t used = g_process.segment->nodes_used.load(std::memory_order_relaxed);
  back_node(used + count < capacity ? used + count : capacity - 1);
}

bool start_stack_tree() {
  Index* index = g_index.load(std::memory_order_acquire);
  if (index == nullptr) {
    index = static_cast<Index*>(map_private(sizeof(Index)));
    if (index == nullptr) return false;
    g_index.store(index, std::memory_order_release);
    g_node_hints.store(index->hints, std::memory_order_release);
  } else {
    raw_madvise(index, sizeof(Index), MADV_DONTNEED);
  }
  g_backed_nodes.store(0, std::memory_order_relaxed);
  if (!back_node(kTruncatedNode)) return false;
  nodes()[kTruncatedNode] = StackNode{0, 0, 0};
  g_process.segment->nodes_used.store(kFirstNode, std::memory_order_relaxed);
  return true;
}

}  // namespace memwatch::preload
