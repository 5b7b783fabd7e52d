// Is a call of a heap function to be recorded, seen from who calls it? A thread that passes through
// is in the real allocator, whose own calls are not the program's; but a signal handler may have
// interrupted it just before or after the real call, and what that allocates is recorded like
// anything else. The two are told apart by the caller's address. Any thread, any signal handler.
#pragma once

#include "preload/record.h"
#include "preload/thread_local_state.h"

namespace memwatch::preload {

// While the thread passes through: does the caller belong to the program?
[[nodiscard]] bool is_called_by_program(const void* caller);

// `caller`: the hook's return address.
inline bool is_recording_call(const void* caller) {
  if (t_state.passing_through != 0) [[unlikely]] {
    return is_called_by_program(caller);
  }
  return is_recording();
}

inline bool is_recording_call(const CallSite& site) {
  return is_recording_call(reinterpret_cast<const void*>(site.pc));
}

// In an exported function itself.
#define MEMWATCH_IS_RECORDING_CALL() \
  ::memwatch::preload::is_recording_call(__builtin_return_address(0))

}  // namespace memwatch::preload
