#include "preload/hook_caller.h"

#include "preload/real_functions.h"

namespace memwatch::preload {

bool is_called_by_program(const void* caller) {
  const auto pc = reinterpret_cast<std::uintptr_t>(caller);
  // Called from a hook: the real function has ended in a jump to another name (musl's valloc in
  // aligned_alloc).
  return t_state.own_work == 0 && t_state.in_foreign_delete == 0 && is_ready() &&
         !is_allocator_code(pc) && !is_shim_code(pc);
}

}  // namespace memwatch::preload
