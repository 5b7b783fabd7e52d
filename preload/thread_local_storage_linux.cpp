#include "preload/thread_local_state.h"

namespace memwatch::preload {

thread_local constinit ThreadLocalState t_state{};

}  // namespace memwatch::preload
