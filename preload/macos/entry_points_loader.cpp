// The library's constructor and destructor. dyld runs those of inserted libraries before the
// program's, and after those of the libraries they need: what the system's libraries allocate
// before is not recorded. What unloading means for code is heard from dyld (code_objects.cpp).
#include "preload/macos/fork_handlers.h"
#include "preload/record.h"
#include "preload/second_unwinder.h"
#include "preload/session.h"
#include "preload/thread_local_state.h"

namespace mw = memwatch::preload;

namespace {

[[gnu::constructor]] void introduce_process() {
  if (!mw::make_thread_states()) return;
  mw::register_fork_handlers();
  mw::start_process_from_constructor();
  if (mw::is_recording()) mw::load_second_unwinder();
}

[[gnu::destructor]] void end_process() {
  mw::withdraw_segment();
}

}  // namespace
