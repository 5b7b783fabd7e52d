// A thread-local variable, reached in one instruction (initial-exec model): the memory is there
// before the thread is. Included by thread_local_state.h.
#pragma once

namespace memwatch::preload {

extern thread_local constinit ThreadLocalState t_state
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

}  // namespace memwatch::preload
