#include "preload/backed_memory.h"

#include "preload/kernel.h"
#include "shared/segment_layout.h"

namespace memwatch::preload {

namespace {

constinit protocol::PrivateMappings g_private_mappings{};

// Relaxed: a leak check reads the list while the process stands still.
void list_private_mapping(std::uint64_t start, std::uint64_t bytes) {
  const std::uint64_t at = g_private_mappings.count.fetch_add(1, std::memory_order_relaxed);
  if (at < protocol::kMaxPrivateMappings) g_private_mappings.mappings[at] = {start, bytes};
}

}  // namespace

void* map_private(std::size_t bytes) {
  void* const mapping = map_memory(bytes);
  if (mapping != nullptr) list_private_mapping(reinterpret_cast<std::uintptr_t>(mapping), bytes);
  return mapping;
}

void unmap_private(void* mapping, std::size_t keep, std::size_t bytes) {
  const auto start = reinterpret_cast<std::uintptr_t>(mapping);
  const std::uintptr_t page = page_bytes();
  const std::uintptr_t from = (start + keep + page - 1) & ~(page - 1);
  const std::uintptr_t end = (start + bytes + page - 1) & ~(page - 1);
  if (from >= end) return;
  // First what is listed, then what is there: the program may be given these addresses next.
  const std::uint64_t listed = g_private_mappings.count.load(std::memory_order_relaxed);
  for (std::uint64_t i = 0; i < listed && i < protocol::kMaxPrivateMappings; ++i) {
    protocol::PrivateMapping& entry = g_private_mappings.mappings[i];
    if (entry.start == start) entry.bytes = from - start;
  }
  unmap_memory(reinterpret_cast<void*>(from), end - from);
}

const void* list_of_private_mappings() {
  return &g_private_mappings;
}

void forget_private_mappings() {
  g_private_mappings.count.store(0, std::memory_order_relaxed);
}

}  // namespace memwatch::preload
