#include "preload/module_table.h"

#include <atomic>
#include <cstring>

#include "preload/backed_memory.h"
#include "preload/code_objects.h"
#include "preload/process_state.h"
#include "preload/segment_memory.h"

namespace memwatch::preload {

namespace {

using namespace protocol;

// The shim's own list of what it has told; the segment's copy may be scribbled on by anyone.
struct KnownModule {
  std::atomic<std::uintptr_t> start;  // 0: empty or unloaded; release, matched by find_known
  std::uintptr_t end;
  std::uint32_t index;
};
constexpr std::uint32_t kMaxKnown = 4096;
constinit std::atomic<KnownModule*> g_known{nullptr};
constinit std::atomic<std::uint32_t> g_known_used{0};

KnownModule* known_modules() {
  KnownModule* known = g_known.load(std::memory_order_acquire);
  if (known != nullptr) return known;
  auto* fresh = static_cast<KnownModule*>(map_private(sizeof(KnownModule) * kMaxKnown));
  if (fresh == nullptr) return nullptr;
  if (g_known.compare_exchange_strong(known, fresh, std::memory_order_acq_rel)) return fresh;
  return known;
}

std::uint32_t find_known(std::uintptr_t pc) {
  const KnownModule* known = known_modules();
  if (known == nullptr) return 0;
  const std::uint32_t used = g_known_used.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < used && i < kMaxKnown; ++i) {
    const std::uintptr_t start = known[i].start.load(std::memory_order_acquire);
    if (start != 0 && pc >= start && pc < known[i].end) return known[i].index;
  }
  return 0;
}

// Copies a name into the segment; 0 bytes when there is no room.
void write_name(const char* name, ModuleEntry* entry) {
  SegmentHeader& header = *g_process.segment;
  const std::size_t size = std::strlen(name);
  if (size == 0 || size > 4095) return;
  const auto bytes = static_cast<std::uint32_t>(size);
  std::uint32_t at = header.names_used.load(std::memory_order_relaxed);
  do {
    if (at > header.geometry.names_bytes || header.geometry.names_bytes - at < bytes) return;
  } while (!header.names_used.compare_exchange_weak(at, at + bytes, std::memory_order_relaxed));
  char* to = in_segment<char>(header.geometry.names_offset) + at;
  if (!back_segment(to, bytes)) return;
  std::memcpy(to, name, bytes);
  entry->name_offset = at;
  entry->name_bytes = bytes;
}

std::uint32_t reserve_entry() {
  SegmentHeader& header = *g_process.segment;
  std::uint32_t index = header.modules_used.load(std::memory_order_relaxed);
  do {
    if (index >= header.geometry.modules) return 0;
  } while (!header.modules_used.compare_exchange_weak(index, index + 1, std::memory_order_acq_rel));
  return index;
}

}  // namespace

std::uint32_t module_of(std::uintptr_t pc) {
  if (const std::uint32_t index = find_known(pc); index != 0) return index;
  CodeObject object{};
  if (!find_code_object(pc, &object)) return 0;
  KnownModule* known = known_modules();
  const std::uint32_t place = g_known_used.fetch_add(1, std::memory_order_acq_rel);
  if (known == nullptr || place >= kMaxKnown) return 0;
  const std::uint32_t index = reserve_entry();
  if (index == 0) return 0;
  ModuleEntry* entry = in_segment<ModuleEntry>(g_process.segment->geometry.modules_offset) + index;
  if (!back_segment(entry, sizeof *entry)) return 0;
  entry->start = object.start;
  entry->end = object.end;
  entry->bias = object.bias;
  write_name(object.name, entry);
  entry->build_id_bytes = read_build_id(object, entry->build_id);
  // Release: everything above; matched by the acquire load in collector/intake/stack_importer.
  entry->ready.store(1, std::memory_order_release);
  known[place].end = static_cast<std::uintptr_t>(entry->end);
  known[place].index = index;
  known[place].start.store(static_cast<std::uintptr_t>(entry->start), std::memory_order_release);
  return index;
}

bool forget_unloaded_modules() {
  KnownModule* known = g_known.load(std::memory_order_acquire);
  if (known == nullptr) return false;
  bool any = false;
  const std::uint32_t used = g_known_used.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < used && i < kMaxKnown; ++i) {
    const std::uintptr_t start = known[i].start.load(std::memory_order_acquire);
    if (start == 0) continue;
    CodeObject object{};
    if (!find_code_object(start, &object) || object.start != start || object.end != known[i].end) {
      known[i].start.store(0, std::memory_order_release);
      any = true;
    }
  }
  return any;
}

void forget_modules() {
  KnownModule* known = g_known.load(std::memory_order_acquire);
  const std::uint32_t used = g_known_used.exchange(0, std::memory_order_acq_rel);
  for (std::uint32_t i = 0; known != nullptr && i < used && i < kMaxKnown; ++i) {
    known[i].start.store(0, std::memory_order_release);
  }
}

}  // namespace memwatch::preload
