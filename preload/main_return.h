// A process that ends because main returned: of the first thread's stack nothing is the program's
// any more, though the words that main and its callees left are still there. A leak check that took
// them for pointers would say "possible" of what is lost.
#pragma once

#include <cstdint>

#include "preload/walk_stack.h"

namespace memwatch::preload {

// `site`: in an exit handler. The stack pointer with which the program was entered, above which
// there are its arguments and environment alone; 0 if main has not returned (exit was called), or
// if that cannot be told, as in musl. On the first thread; any number of times; takes no lock.
std::uintptr_t stack_pointer_after_main(const CallSite& site);

}  // namespace memwatch::preload
