// What differs between processors and is needed in the midst of everything; a twin for each.
//
//   kRegister…                DWARF's numbers of the registers that unwinding goes by
//   code_of_call(pc)          an address inside the call that returns to pc
//   strip_return_address(pc)  without a signature
//   MEMWATCH_CALL_SITE()      the call site of the function it is used in (walk_stack.h)
//   unlocked_add()            adds to a counter that only this thread writes and others read: for a
//                             signal handler of the same thread that adds too nothing is lost
//   pause_processor()         tells the processor that a loop is waiting
#pragma once

#include "preload/page_alignment.h"

#if defined(__x86_64__)
#include "preload/processor_x86_64.h"
#elif defined(__aarch64__)
#include "preload/processor_aarch64.h"
#else
#error "memwatch knows x86-64 and aarch64"
#endif
