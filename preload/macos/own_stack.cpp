// Of the twins of c_library.h only what is asked for here.
#include <pthread.h>

#include "preload/c_library.h"

namespace memwatch::preload {

// Of the calling thread libpthread tells without a lock.
std::uintptr_t top_of_own_stack() {
  return reinterpret_cast<std::uintptr_t>(pthread_get_stackaddr_np(pthread_self()));
}

}  // namespace memwatch::preload
