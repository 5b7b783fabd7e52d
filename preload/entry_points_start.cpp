// The start of main, and the end after its last exit handler: between them lies what is made to
// fail when failures are asked for. glibc and musl start main by the same function. Where nothing
// is to fail, main is called as ever; where something is, by a jump, so that no frame of the shim's
// stands on the program's stack either way.
#include <stdlib.h>

#include "preload/entry_points.h"
#include "preload/inject_failures.h"
#include "preload/process_state.h"
#include "preload/real_functions.h"
#include "preload/session.h"
#include "preload/thread_local_state.h"

// Of the C library.
extern "C" int __cxa_atexit(void (*handler)(void*), void* argument, void* library);

namespace mw = memwatch::preload;

namespace {

using Main = int (*)(int, char**, char**);

constinit Main g_main = nullptr;

// Handlers run in the opposite order of their registration: this one after all of main's.
void end_of_main(void*) {
  mw::note_main_is_over();
}

int enter_main(int count, char** arguments, char** environment) {
  {
    const mw::OwnWork a_long_list_is_allocated;
    __cxa_atexit(end_of_main, nullptr, nullptr);
  }
  mw::note_main_begins();
  return g_main(count, arguments, environment);
}

}  // namespace

MEMWATCH_EXPORT int __libc_start_main(Main main, int count, char** arguments, void (*init)(),
                                      void (*fini)(), void (*loader_fini)(),
                                      void* stack_end) noexcept {
  if (mw::g_real.start_main == nullptr) mw::start_process_from_constructor();
  if (mw::g_process.phase.load(std::memory_order_acquire) == mw::Phase::failing) {
    g_main = main;
    main = enter_main;
  }
  return mw::g_real.start_main(main, count, arguments, init, fini, loader_fini, stack_end);
}
