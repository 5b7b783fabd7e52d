/* Questions that a program may ask about its own heap while memwatch records it exactly. C and C++,
 * header only, nothing to link: without memwatch every call says so and does nothing else.
 *
 *   struct memwatch_counters now;
 *   if (memwatch_query_counters(&now) == 0) printf("%llu bytes live\n", now.live_bytes);
 *
 * The figures are the recording's own, so they agree with its report to the byte: everything that
 * this thread and those it has waited for did before the call is in them. A call takes about a
 * millisecond, since another process answers it. Any thread; not from a signal handler. */
#ifndef MEMWATCH_MEMWATCH_H
#define MEMWATCH_MEMWATCH_H

#include <dlfcn.h>
#include <stddef.h>

#ifndef RTLD_DEFAULT /* C without _GNU_SOURCE */
#define RTLD_DEFAULT ((void*)0)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Sizes are the sizes asked for. Reallocations are no allocations, as in every report. */
struct memwatch_counters {
  unsigned long long allocations, reallocations, frees; /* since the recording began */
  unsigned long long allocated_bytes, freed_bytes;
  unsigned long long failed;
  unsigned long long live_blocks, live_bytes;
  unsigned long long peak_bytes; /* the most that was live at a time since the query before */
  unsigned long long thread_allocations, thread_allocated_bytes; /* of the calling thread */
};

enum memwatch_status {
  MEMWATCH_OK = 0,
  MEMWATCH_ABSENT = 1,    /* the program runs without memwatch */
  MEMWATCH_NOT_EXACT = 2, /* nobody records it, or only samples or counts */
  MEMWATCH_NO_ANSWER = 3  /* the recording fell behind or has ended */
};

/* One of memwatch_status. `counters` is left as it is unless that is MEMWATCH_OK. */
static inline int memwatch_query_counters(struct memwatch_counters* counters) {
  union {
    void* object;
    int (*function)(struct memwatch_counters*, size_t);
  } found; /* the library is loaded before the program, or not at all */
  found.object = dlsym(RTLD_DEFAULT, "memwatch_query");
  if (found.object == NULL) return MEMWATCH_ABSENT;
  return found.function(counters, sizeof *counters);
}

#ifdef __cplusplus
}
#endif

#endif
