// dlclose is hooked, dlopen is not: dlopen's result depends on its caller's address (RUNPATH,
// $ORIGIN), dlclose's does not. After an unload, what was remembered of the code is forgotten,
// since its addresses may come back as other code.
#include <dlfcn.h>

#include "preload/code_generation.h"
#include "preload/entry_points.h"
#include "preload/exit_check.h"
#include "preload/module_table.h"
#include "preload/real_functions.h"
#include "preload/record.h"
#include "preload/second_unwinder.h"
#include "preload/session.h"
#include "preload/stack_tree.h"
#include "preload/unwind_rules.h"

namespace mw = memwatch::preload;

MEMWATCH_EXPORT int dlclose(void* handle) noexcept {
  if (mw::g_real.dlclose == nullptr) mw::start_process_from_constructor();  // looks it up
  const int result = mw::g_real.dlclose(handle);
  if (mw::is_recording() && mw::forget_unloaded_modules()) {
    mw::forget_rules();
    mw::retire_unloaded_nodes();
    // Release: what threads remember is void, now that the shared tables are clean.
    mw::g_code_generation.fetch_add(1, std::memory_order_release);
  }
  return result;
}

namespace {

// A process that never allocates is introduced too. Not needed for recording: the first event of a
// program, usually long before this, does the same.
[[gnu::constructor]] void introduce_process() {
  mw::start_process_from_constructor();
  if (mw::is_recording()) mw::load_second_unwinder();
  mw::prepare_exit_check();
}

[[gnu::destructor]] void end_process() {
  mw::withdraw_segment();
}

}  // namespace
