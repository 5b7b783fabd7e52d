#include "preload/hook_caller.h"

#include "preload/inject_failures.h"
#include "preload/operator_new.h"
#include "preload/real_functions.h"

namespace memwatch::preload {

bool is_called_by_program(const void* caller) {
  const auto pc = reinterpret_cast<std::uintptr_t>(caller);
  // Called from a hook: the real function has ended in a jump to another name (musl's valloc in
  // aligned_alloc). What __malloc_hook and its like call is the allocator's work as well.
  return !calls_program_from_allocator() && t_state.own_work == 0 &&
         t_state.in_foreign_delete == 0 && is_ready() && !is_allocator_code(pc) &&
         !is_shim_code(pc);
}

Plan plan_judged_call(Function function, std::size_t size, const CallSite& site) {
  if (!is_recording()) return Plan::pass;
  if (g_process.phase.load(std::memory_order_acquire) != Phase::failing) return Plan::record;
  // Of no bytes, realloc frees.
  const bool reallocates = function == Function::realloc_ || function == Function::reallocarray_;
  if (reallocates && size == 0) return Plan::record;
  const bool is_new = function == Function::operator_new || is_inside_operator_new(site.pc);
  if (is_new && t_state.new_is_lost != 0) {  // recorded already
    t_state.new_is_lost = 0;
    return Plan::fail;
  }
  if (!must_fail(function, size, site)) return Plan::record;
  record_injected_failure(is_new ? Function::operator_new : function, size, site);
  return Plan::fail;
}

}  // namespace memwatch::preload
