// dlclose is hooked, dlopen is not: dlopen's result depends on its caller's address (RUNPATH,
// $ORIGIN), dlclose's does not. After an unload, what was remembered of the code is forgotten, since
// its addresses may come back as other code.
#include <dlfcn.h>

#include <atomic>

#include "preload/entry_points.h"
#include "preload/module_table.h"
#include "preload/real_functions.h"
#include "preload/record.h"
#include "preload/session.h"
#include "preload/stack_tree.h"
#include "preload/unwind_rules.h"

namespace mw = memwatch::preload;

MEMWATCH_EXPORT int dlclose(void* handle) noexcept {
  static constinit std::atomic<void*> cache{nullptr};
  void* real = cache.load(std::memory_order_relaxed);
  if (real == nullptr) {
    const mw::PassThrough dlsym_may_allocate;
    real = mw::next_definition("dlclose");
    cache.store(real, std::memory_order_relaxed);
  }
  const int result = reinterpret_cast<int (*)(void*)>(real)(handle);
  if (mw::is_recording() && mw::forget_unloaded_modules()) {
    mw::forget_rules();
    mw::retire_unloaded_nodes();
  }
  return result;
}

namespace {

// A process that never allocates is introduced too. Not needed for recording: the first event of a
// program, usually long before this, does the same.
[[gnu::constructor]] void introduce_process() { mw::is_recording(); }

[[gnu::destructor]] void end_process() { mw::withdraw_segment(); }

}  // namespace
