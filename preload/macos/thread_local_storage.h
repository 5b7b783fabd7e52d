// What a thread has of its own, not as a thread-local variable: dyld allocates those of a library
// when a thread first uses them, by the malloc that we stand in front of. Included by
// thread_local_state.h.
#pragma once

#include <pthread.h>

namespace memwatch::preload {

// 0: there is none yet. Set once, by the library's constructor.
extern pthread_key_t g_state_key;

// Of every thread until then: everything is passed through.
extern ThreadLocalState g_state_before_birth;

// The state of a thread that is new, or that has lost sight of its own at its end, when libpthread
// clears the key. Without memory for one: a state common to all such threads, whose events are
// counted as lost. Keeps errno; any thread, any signal handler.
ThreadLocalState& find_thread_state();

inline ThreadLocalState& own_thread_state() {
  if (g_state_key == 0) [[unlikely]] {
    return g_state_before_birth;
  }
  void* const own = pthread_getspecific(g_state_key);  // two loads, no lock
  return own != nullptr ? *static_cast<ThreadLocalState*>(own) : find_thread_state();
}

// From the library's constructor. False: there is no key to be had, and the shim stays asleep.
bool make_thread_states();

}  // namespace memwatch::preload

// The name that it has where it is a variable.
#define t_state (::memwatch::preload::own_thread_state())
