// dyld tells of every image, those that are there and those that come, and of those that go. What
// it has told lies in a list of our own, which is read without a lock.
#include "preload/code_objects.h"

#include <dlfcn.h>
#include <mach-o/dyld.h>
#include <mach-o/loader.h>

#include <atomic>
#include <cstring>

#include "preload/backed_memory.h"
#include "preload/code_generation.h"
#include "preload/macos/mach_image.h"
#include "preload/module_table.h"
#include "preload/process_state.h"
#include "preload/record.h"
#include "preload/stack_tree.h"
#include "preload/thread_local_state.h"

namespace memwatch::preload {

namespace {

struct Image {
  std::atomic<std::uintptr_t> start;  // 0: empty, or gone (release, matched in find_code_object)
  std::uintptr_t end, bias;
  const char* name;
};
constexpr std::uint32_t kMaxImages = 8192;  // ever; the system's own are some hundred

// Written by dyld's callbacks alone, which run one at a time.
constinit Image* g_images = nullptr;
constinit std::atomic<std::uint32_t> g_image_count{
    0};  // release in note_image, acquire in find_code_object

void note_image(const mach_header* header, std::intptr_t slide) {
  const OwnWork dladdr_is_not_the_programs;
  const std::uint32_t at = g_image_count.load(std::memory_order_relaxed);
  const MachImage found = read_mach_image(header);
  if (at >= kMaxImages || found.code_bytes == 0) return;
  Dl_info information{};
  const bool is_program = header->filetype == MH_EXECUTE;
  const bool has_name = !is_program && dladdr(header, &information) != 0;
  Image& image = g_images[at];
  image.end = reinterpret_cast<std::uintptr_t>(header) + found.code_bytes;
  image.bias = static_cast<std::uintptr_t>(slide);
  image.name = has_name && information.dli_fname != nullptr ? information.dli_fname : "";
  image.start.store(reinterpret_cast<std::uintptr_t>(header), std::memory_order_release);
  g_image_count.store(at + 1, std::memory_order_release);
}

// Before its memory goes: its addresses may come back as other code.
void forget_image(const mach_header* header, std::intptr_t) {
  const OwnWork no_event_of_the_programs;
  const std::uint32_t count = g_image_count.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (g_images[i].start.load(std::memory_order_relaxed) ==
        reinterpret_cast<std::uintptr_t>(header)) {
      g_images[i].start.store(0, std::memory_order_release);
    }
  }
  if (!is_ready() || !forget_unloaded_modules()) return;
  retire_unloaded_nodes();
  // Release: what threads remember is void, now that the shared tables are clean.
  g_code_generation.fetch_add(1, std::memory_order_release);
}

}  // namespace

void prepare_code_objects() {
  if (g_images != nullptr) return;
  g_images = static_cast<Image*>(map_private(sizeof(Image) * kMaxImages));
  if (g_images == nullptr) return;
  _dyld_register_func_for_add_image(note_image);  // at once for those that are there
  _dyld_register_func_for_remove_image(forget_image);
}

bool find_code_object(std::uintptr_t address, CodeObject* object) {
  const std::uint32_t count = g_image_count.load(std::memory_order_acquire);
  for (std::uint32_t i = count; i-- > 0;) {
    const Image& image = g_images[i];
    const std::uintptr_t start = image.start.load(std::memory_order_acquire);
    if (start == 0 || address < start || address >= image.end) continue;
    *object = CodeObject{start, image.end, image.bias, image.name, nullptr};
    return true;
  }
  return false;
}

std::uint8_t read_build_id(const CodeObject& object, std::uint8_t (&id)[23]) {
  const MachImage image = read_mach_image(reinterpret_cast<const mach_header*>(object.start));
  if (image.uuid == nullptr) return 0;
  std::memcpy(id, image.uuid, kUuidBytes);
  return kUuidBytes;
}

}  // namespace memwatch::preload
