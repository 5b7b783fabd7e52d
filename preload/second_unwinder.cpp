#include "preload/second_unwinder.h"

#include <dlfcn.h>
#include <errno.h>

#include <atomic>
#include <cstring>

#include "preload/capture_stack.h"
#include "preload/options.h"
#include "preload/process_state.h"
#include "preload/stack_tree.h"
#include "preload/thread_local_state.h"

namespace memwatch::preload {

constinit std::atomic<ModuleCapture> g_module_capture{nullptr};

namespace {

// Fewer frames than the walker's limit: enough to judge, and small enough for any stack.
constexpr unsigned kComparedFrames = 256;

// The module's path: the shim's own, with another name.
bool module_path(char (&path)[1024]) {
  Dl_info self{};
  if (dladdr(reinterpret_cast<void*>(&load_second_unwinder), &self) == 0) return false;
  const char* slash = std::strrchr(self.dli_fname, '/');
  const std::size_t directory =
      slash == nullptr ? 0 : static_cast<std::size_t>(slash - self.dli_fname) + 1;
  constexpr char kName[] = "libmemwatch_unwind.so";
  if (directory + sizeof kName > sizeof path) return false;
  std::memcpy(path, self.dli_fname, directory);
  std::memcpy(path + directory, kName, sizeof kName);
  return true;
}

// The built-in walker's frames as they are remembered, and the module's, innermost first.
bool is_same(const StackMemo& memo, unsigned count, const std::uint64_t* theirs) {
  const unsigned shorter = memo.depth < count ? memo.depth : count;
  for (unsigned i = 0; i < shorter; ++i) {
    if (memo.frames[memo.depth - 1 - i].pc != theirs[i]) return false;
  }
  return memo.depth == count || (shorter == kComparedFrames && count == kComparedFrames);
}

void judge(const CallSite& site, const ThreadRing& ring, ModuleCapture capture) {
  std::uint64_t theirs[kComparedFrames];
  unsigned count = 0;
  {
    const OwnWork libunwind_may_allocate;
    count = capture(site.pc, site.sp, theirs, kComparedFrames);
  }
  if (!is_same(ring.memo, count, theirs)) {
    g_process.segment->stack_mismatches.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace

void load_second_unwinder() {
  if (g_options.unwinder == Unwinder::builtin) return;
  if (!is_ready()) return;
  const OwnWork loader_may_allocate;
  const int errno_before = errno;
  char path[1024];
  void* module = module_path(path) ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr;
  auto capture = module == nullptr
                     ? nullptr
                     : reinterpret_cast<ModuleCapture>(dlsym(module, "memwatch_unwind_capture"));
  static_cast<void>(dlerror());  // not the program's
  g_process.segment->second_unwinder.store(capture != nullptr ? 1 : 2, std::memory_order_relaxed);
  g_module_capture.store(capture, std::memory_order_release);
  errno = errno_before;
}

std::uint32_t capture_stack_as_asked(ThreadRing& ring, const CallSite& site) {
  const ModuleCapture capture = g_module_capture.load(std::memory_order_acquire);
  const int errno_before = errno;
  std::uint32_t node = 0;
  unsigned frames = 0;
  if (g_options.unwinder == Unwinder::libunwind) {
    const OwnWork libunwind_may_allocate;
    frames = capture(site.pc, site.sp, ring.pcs, kMaxFrames);
  }
  if (frames > 0) {
    node = intern_stack(ring.pcs, frames, frames == kMaxFrames);
  } else {
    node = capture_stack_builtin(ring, site);
    if (g_options.unwinder == Unwinder::verify) judge(site, ring, capture);
  }
  errno = errno_before;
  return node;
}

}  // namespace memwatch::preload
