// Makes calls that ask for memory fail, as the segment says (protocol::Injection): which ones, and
// nothing else; the hooks let them fail in each function's own way. Off (the rule), it costs
// nothing: hooks ask only where the process's phase is `failing` (plan_call in hook_caller.h).
//
// Never judged: the dynamic loader's own calls, calls before main begins (unless asked for) and
// after its last exit handler, calls of a signal handler that interrupts a hook or the allocator,
// of a vfork child, and in a sandbox those for which the collector would have to be asked.
// Any thread, any signal handler; no lock, no allocation; errno is kept. Waits for the collector's
// answers, bounded (question.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "preload/walk_stack.h"
#include "shared/functions.h"

namespace memwatch::preload {

// For a new process, once its segment is there: begins to count. True if calls are to fail in it.
bool begin_injection();

// Does this call fail? Counts it.
bool must_fail(Function function, std::size_t size, const CallSite& site);

// The program's main is about to begin, and no exit handler of its is left to run.
void note_main_begins();
void note_main_is_over();

}  // namespace memwatch::preload
