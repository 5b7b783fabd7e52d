#include "preload/hook_caller.h"

#include "preload/real_functions.h"

namespace memwatch::preload {

bool is_called_by_program(const void* caller) {
  return t_state.own_work == 0 && t_state.in_foreign_delete == 0 && is_ready() &&
         !is_allocator_code(reinterpret_cast<std::uintptr_t>(caller));
}

}  // namespace memwatch::preload
