// The longjmp functions, under all names that libc has for them. They are hooked for the sake of
// handlers that leave an interrupted hook behind (abandoned_hooks.h), and change nothing.
#include "preload/abandoned_hooks.h"
#include "preload/entry_points.h"
#include "preload/jump_buffer.h"
#include "preload/real_functions.h"
#include "preload/session.h"

namespace mw = memwatch::preload;

namespace {

using Jump = void (*)(void*, int);

// By the name in the table of real functions: it may not be filled in before the first look-up.
[[noreturn]] void jump(Jump mw::RealFunctions::*real, void* buffer, int value,
                       const mw::CallSite& site) {
  if (mw::g_real.malloc == nullptr) mw::start_process_from_constructor();
  if (mw::is_hook_under_way()) [[unlikely]] {
    mw::leave_abandoned_hooks(site, mw::stack_pointer_of(buffer));
  }
  (mw::g_real.*real)(buffer, value);
  __builtin_unreachable();
}

}  // namespace

MEMWATCH_EXPORT __attribute__((noreturn)) void longjmp(void* buffer, int value) {
  jump(&mw::RealFunctions::longjmp, buffer, value, MEMWATCH_CALL_SITE());
}

MEMWATCH_EXPORT __attribute__((noreturn)) void _longjmp(void* buffer, int value) {
  jump(&mw::RealFunctions::_longjmp, buffer, value, MEMWATCH_CALL_SITE());
}

MEMWATCH_EXPORT __attribute__((noreturn)) void siglongjmp(void* buffer, int value) {
  jump(&mw::RealFunctions::siglongjmp, buffer, value, MEMWATCH_CALL_SITE());
}

// What a fortified program calls for all of them.
MEMWATCH_EXPORT __attribute__((noreturn)) void __longjmp_chk(void* buffer, int value) {
  jump(&mw::RealFunctions::__longjmp_chk, buffer, value, MEMWATCH_CALL_SITE());
}
