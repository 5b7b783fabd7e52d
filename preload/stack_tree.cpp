#include "preload/stack_tree.h"

#include <atomic>

#include "preload/backed_memory.h"
#include "preload/kernel.h"
#include "preload/module_table.h"
#include "preload/process_state.h"
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
constexpr std::uint32_t kBackEvery = 1024;    // nodes between two questions for refused memory
constexpr std::uint32_t kMaxNodes = ordinary_geometry().nodes;

// Private: heads of the hash chains, each node's successor in its chain, and hints, for as many
// nodes as the segment has: where addresses are scarce, so are nodes.
struct Index {
  std::atomic<std::uint32_t>* heads;
  std::atomic<std::uint32_t>* next;
  NodeHints* hints;
  std::atomic<std::uint32_t> nodes;  // that may be used: fewer once addresses were given back
};
constinit Index g_the_index{};
// &g_the_index once it is there. Release in start_stack_tree, acquire wherever it is read.
constinit std::atomic<Index*> g_index{nullptr};
constinit std::atomic<std::uint32_t> g_backed_nodes{0};
constinit std::atomic<std::uint32_t> g_until_backing{0};  // nodes that are refused without asking

StackNode* nodes() {
  return in_segment<StackNode>(g_process.segment->geometry.nodes_offset);
}

constexpr std::uint32_t kSpread = 1U << kSpreadBits;
constexpr std::uint32_t kNodesPerPage = 4096 / sizeof(std::uint32_t);
constexpr std::uint64_t kIndexBytesPerNode = 2 * sizeof(std::uint32_t) + sizeof(NodeHints);

constexpr std::uint64_t heads_bytes(std::uint32_t node_count) {
  return (std::uint64_t{node_count} + kSpread) * sizeof(std::uint32_t);
}

void unmap(const Index& index, std::uint32_t node_count) {
  if (index.heads != nullptr) unmap_private(index.heads, 0, heads_bytes(node_count));
  if (index.next != nullptr) unmap_private(index.next, 0, node_count * sizeof(std::uint32_t));
  if (index.hints != nullptr) unmap_private(index.hints, 0, node_count * sizeof(NodeHints));
}

// An empty index for so many nodes. In a forked child the parent's is used again if it is large
// enough; if it is not, it is left alone, for a hook that was interrupted may be at work in it.
bool make_index(std::uint32_t wanted) {
  Index& index = g_the_index;
  const std::uint32_t there = index.nodes.load(std::memory_order_relaxed);
  if (there >= wanted) {
    empty_memory(index.heads, heads_bytes(there));
    empty_memory(index.next, there * sizeof(std::uint32_t));
    empty_memory(index.hints, there * sizeof(NodeHints));
    index.nodes.store(wanted, std::memory_order_relaxed);
    return true;
  }
  const Index fresh{
      static_cast<std::atomic<std::uint32_t>*>(map_private(heads_bytes(wanted))),
      static_cast<std::atomic<std::uint32_t>*>(map_private(wanted * sizeof(std::uint32_t))),
      static_cast<NodeHints*>(map_private(wanted * sizeof(NodeHints))), 0};
  if (fresh.heads == nullptr || fresh.next == nullptr || fresh.hints == nullptr) {
    unmap(fresh, wanted);
    return false;
  }
  index.heads = fresh.heads;
  index.next = fresh.next;
  index.hints = fresh.hints;
  index.nodes.store(wanted, std::memory_order_relaxed);
  g_index.store(&index, std::memory_order_release);
  g_node_hints.store(index.hints, std::memory_order_release);
  return true;
}

std::uint32_t bucket_of(std::uint32_t parent, std::uint64_t pc) {
  return parent + static_cast<std::uint32_t>((pc * 0x9e3779b97f4a7c15ULL) >> (64 - kSpreadBits));
}

std::uint32_t find_in_chain(const Index& index, std::uint32_t head, std::uint32_t parent,
                            std::uint64_t pc) {
  const StackNode* tree = nodes();
  for (std::uint32_t id = head; id != 0;
       id = index.next[id].load(std::memory_order_relaxed)) {  // published with the head
    if (pc_of(tree[id]) == pc && tree[id].parent == parent) return id;
  }
  return 0;
}

// Memory was refused a moment ago: each question is a system call, and a program that allocates
// asks without end. Relaxed, here and below: threads that count at the same time make it a little
// longer.
bool is_backing_refused(std::uint32_t used) {
  const std::uint32_t left = g_until_backing.load(std::memory_order_relaxed);
  if (left == 0 || used < g_backed_nodes.load(std::memory_order_relaxed)) return false;
  g_until_backing.store(left - 1, std::memory_order_relaxed);
  return true;
}

bool back_node(std::uint32_t id) {
  std::uint32_t backed = g_backed_nodes.load(std::memory_order_relaxed);
  if (id < backed) return true;
  // Relaxed: whoever reserved this node found that it is below the capacity.
  const std::uint32_t capacity = g_the_index.nodes.load(std::memory_order_relaxed);
  std::uint32_t end = id / kBackingStep * kBackingStep + kBackingStep;
  if (end > capacity) end = capacity;
  if (is_sandboxed()) return false;
  if (!back_segment(nodes() + backed,
                    static_cast<std::uint64_t>(end - backed) * sizeof(StackNode))) {
    g_until_backing.store(kBackEvery, std::memory_order_relaxed);
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
  if (is_backing_refused(id)) return 0;
  do {
    if (id >= g_the_index.nodes.load(std::memory_order_relaxed)) return 0;
  } while (!header.nodes_used.compare_exchange_weak(id, id + 1, std::memory_order_seq_cst));
  // Sequentially consistent, as its partner in give_back_unused_nodes: either that one sees this
  // node or the new capacity is seen here.
  if (id >= g_the_index.nodes.load(std::memory_order_seq_cst)) return 0;
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
  const std::uint32_t capacity = g_the_index.nodes.load(std::memory_order_relaxed);
  for (std::uint32_t id = kFirstNode; id < used && id < backed && id < capacity; ++id) {
    // A module that is still known keeps its index; for an unloaded one module_of finds another.
    const std::uint64_t pc = pc_of(tree[id]);
    if (tree[id].module == 0 || (pc & kRetiredPc) != 0) continue;
    const std::uint64_t code = (pc & ~kExactPc) - ((pc & kExactPc) != 0 ? 0 : 1);
    if (module_of(code) != tree[id].module) {
      __atomic_fetch_or(&tree[id].pc, kRetiredPc, __ATOMIC_RELAXED);  // see pc_of
    }
  }
}

void back_nodes_ahead(std::uint32_t count) {
  const std::uint32_t capacity = g_the_index.nodes.load(std::memory_order_relaxed);
  const std::uint32_t used = g_process.segment->nodes_used.load(std::memory_order_relaxed);
  back_node(used + count < capacity ? used + count : capacity - 1);
}

bool start_stack_tree() {
  const std::uint32_t in_segment = g_process.segment->geometry.nodes;
  const std::uint32_t wanted = in_segment < kMaxNodes ? in_segment : kMaxNodes;
  if (!make_index(wanted)) return false;
  g_backed_nodes.store(0, std::memory_order_relaxed);
  g_until_backing.store(0, std::memory_order_relaxed);
  if (!back_node(kTruncatedNode)) return false;
  nodes()[kTruncatedNode] = StackNode{0, 0, 0};
  g_process.segment->nodes_used.store(kFirstNode, std::memory_order_relaxed);
  return true;
}

void give_back_unused_nodes(std::uint64_t bytes) {
  constexpr std::uint32_t kLeast = 32U << 10;  // nodes that there is room for in any case
  Index* index = g_index.load(std::memory_order_acquire);
  if (index == nullptr) return;
  const std::uint64_t affordable = bytes / (sizeof(StackNode) + kIndexBytesPerNode);
  const std::uint32_t before = index->nodes.load(std::memory_order_relaxed);
  std::uint64_t keep = 0;
  std::uint32_t used = g_process.segment->nodes_used.load(std::memory_order_relaxed);
  do {
    keep = affordable > used + std::uint64_t{kLeast} ? affordable : used + std::uint64_t{kLeast};
    keep = round_up(keep, kNodesPerPage);
    if (keep >= before) {
      index->nodes.store(before, std::memory_order_relaxed);
      return;
    }
    index->nodes.store(static_cast<std::uint32_t>(keep), std::memory_order_seq_cst);
    used = g_process.segment->nodes_used.load(std::memory_order_seq_cst);
  } while (used > keep);
  give_back_segment(nodes() + keep, nodes() + before);
  unmap_private(index->heads, heads_bytes(static_cast<std::uint32_t>(keep)), heads_bytes(before));
  unmap_private(index->next, keep * sizeof(std::uint32_t), before * sizeof(std::uint32_t));
  unmap_private(index->hints, keep * sizeof(NodeHints), before * sizeof(NodeHints));
}

}  // namespace memwatch::preload
