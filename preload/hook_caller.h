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

// What becomes of a call that asks for memory.
enum class Plan : std::uint8_t {
  pass,    // the real function, unrecorded
  record,  // the real function, recorded
  fail,    // it has failed on purpose, and is recorded: ENOMEM, in the function's own way
};

// Where calls are made to fail: judges this one. Keeps errno.
Plan plan_judged_call(Function function, std::size_t size, const CallSite& site);

// As is_recording_call, and in the same number of instructions unless calls are made to fail. What
// a signal handler asks for in the middle of the real allocator never fails.
inline Plan plan_call(Function function, std::size_t size, const CallSite& site) {
  if (t_state.passing_through != 0) [[unlikely]] {
    const bool is_programs = is_called_by_program(reinterpret_cast<const void*>(site.pc));
    return is_programs ? Plan::record : Plan::pass;
  }
  if (g_process.phase.load(std::memory_order_acquire) == Phase::ready) [[likely]] {
    return Plan::record;
  }
  return plan_judged_call(function, size, site);
}

// In an exported function itself.
#define MEMWATCH_IS_RECORDING_CALL() \
  ::memwatch::preload::is_recording_call(__builtin_return_address(0))

}  // namespace memwatch::preload
