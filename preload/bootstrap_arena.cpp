#include "preload/bootstrap_arena.h"

#include <atomic>
#include <cstdint>

namespace memwatch::preload {

alignas(64) constinit char g_bootstrap_arena[kBootstrapBytes] = {};

namespace {

constexpr std::size_t kHeader = 16;  // holds the block's size, keeps blocks 16-byte aligned
constinit std::atomic<std::size_t> g_used{0};

}  // namespace

void* bootstrap_allocate(std::size_t size, std::size_t alignment) {
  if (alignment < 16) alignment = 16;
  if (size > kBootstrapBytes || alignment > kBootstrapBytes) return nullptr;
  const std::size_t room = size + kHeader + alignment;
  const std::size_t at = g_used.fetch_add(room, std::memory_order_relaxed);
  if (at + room > kBootstrapBytes) return nullptr;
  const auto base = reinterpret_cast<std::uintptr_t>(g_bootstrap_arena + at) + kHeader;
  const std::uintptr_t block = (base + alignment - 1) & ~(alignment - 1);
  *reinterpret_cast<std::size_t*>(block - kHeader) = size;
  return reinterpret_cast<void*>(block);
}

std::size_t bootstrap_size(const void* block) {
  return *reinterpret_cast<const std::size_t*>(static_cast<const char*>(block) - kHeader);
}

}  // namespace memwatch::preload
