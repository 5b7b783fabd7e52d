#include "preload/main_return.h"

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
// A library function that ends the process by itself (err, argp_parse) has main among its callers.
std::uintptr_t stack_pointer_after_main(const CallSite& site) {
  constexpr unsigned kMostFrames = 16;
  CodeObject c_library{}, own{};
  if (!find_code_object(reinterpret_cast<std::uintptr_t>(__cxa_atexit), &c_library) ||
      !find_code_object(reinterpret_cast<std::uintptr_t>(stack_pointer_after_main), &own)) {
    return 0;
  }
  ReadableRange memory;
  start_readable(memory, site.sp);
  Position at(site);
  for (unsigned frame = 0; frame < kMostFrames; ++frame) {
    const bool is_programs = !contains(c_library, at.pc) && !contains(own, at.pc);
    const std::uintptr_t stack_pointer = at.sp;
    const Step step = step_out(at, memory);
    if (is_programs) {
      return step == Step::outermost || step == Step::outermost_here ? stack_pointer : 0;
    }
    if (step != Step::caller) return 0;
  }
  return 0;
}

}  // namespace memwatch::preload
