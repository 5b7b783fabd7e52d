// Call paths of every kind a stack walker meets, each ending in `visit`. Compiled optimised and
// without frame pointers. Every function does something with its callee's result, so that none
// becomes a tail call.
#pragma once

#include <functional>

namespace memwatch::preload_testing {

using Visit = int (*)();

int recurse(unsigned depth, Visit visit);                 // plain recursion
int recurse_mutually(unsigned depth, Visit visit);        // three functions with different frames
int through_alloca(unsigned bytes, Visit visit);          // frame size known at run time only
int through_aligned_frame(unsigned depth, Visit visit);   // realigned stack pointer
int through_many_registers(unsigned depth, Visit visit);  // all callee-saved registers in use
int through_qsort(Visit visit);                           // a callback called by libc
int through_signal(Visit visit);                          // handler on the same stack
int through_signal_on_other_stack(Visit visit);           // handler on a sigaltstack
int through_nested_signals(Visit visit);                  // a handler interrupted by another
int through_fault(Visit visit);                           // a trap in the middle of a function
int through_functions(unsigned depth, const std::function<int()>& visit);  // std::function maze
int through_catch(Visit visit);                                            // inside a catch block
int through_constructor(Visit visit);  // virtual calls and a constructor
int through_call_once(Visit visit);

}  // namespace memwatch::preload_testing
