#include "preload/main_return.h"

#include "preload/c_library.h"
#include "preload/code_objects.h"

// Of the C library, whatever that is; never called here.
extern "C" int __cxa_atexit(void (*handler)(void*), void* argument, void* library);

namespace memwatch::preload {

namespace {

bool contains(const CodeObject& object, std::uintptr_t address) {
  return address >= object.start && address < object.end;
}

}  // namespace

// In glibc main's return leads to exit without another function of the program's:
//
//   a handler ← __run_exit_handlers ← exit ← __libc_start_call_main ← __libc_start_main ← _start
//
// and _start stands where the kernel entered the program. Whoever calls exit has main among its
// callers, and so has a library function that ends the process by itself (err, argp_parse); one on
// a stack of its own (a coroutine) does not stand there.
std::uintptr_t stack_pointer_after_main(const CallSite& site) {
  constexpr unsigned kMostFrames = 16;
  constexpr std::uintptr_t kFrameOfStart = 64;
  CodeObject c_library{}, own{};
  if (!find_code_object(reinterpret_cast<std::uintptr_t>(__cxa_atexit), &c_library) ||
      !find_code_object(reinterpret_cast<std::uintptr_t>(stack_pointer_after_main), &own)) {
    return 0;
  }
  ReadableRange memory;
  start_readable(memory, site.sp);
  Position at(site);
  for (unsigned frame = 0; frame < kMostFrames; ++frame) {
    if (!contains(c_library, at.pc) && !contains(own, at.pc)) {
      const std::uintptr_t entry = entry_stack_pointer();
      return at.sp <= entry && entry - at.sp <= kFrameOfStart ? at.sp : 0;
    }
    if (step_out(at, memory) != Step::caller) return 0;
  }
  return 0;
}

}  // namespace memwatch::preload
