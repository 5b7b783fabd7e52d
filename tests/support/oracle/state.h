/* What the counting interposer knows: one lock, one table of live blocks, one list of mappings, one
 * set of counters. It judges memwatch in the integration tests, so it is built by the plainest
 * means and shares neither code nor ideas with the shim: every wrapped call runs whole under one
 * lock.
 *
 * Callers: heap.c, cxx.c and pages.c, the wrapped entry points; any thread, any time after
 * relocation. Everything below but oracle_enter expects the lock held.
 * Errors: none are reported to the program; what the oracle cannot do it counts (oracle.*
 * counters). Units: bytes. What is counted follows the section "What is counted" of the JSON
 * contract. */
#ifndef MEMWATCH_TESTS_ORACLE_STATE_H
#define MEMWATCH_TESTS_ORACLE_STATE_H

#include <stddef.h>
#include <stdint.h>

#define ORACLE_EXPORT __attribute__((visibility("default")))

typedef enum {
  kMalloc,
  kCalloc,
  kRealloc,
  kReallocarray,
  kFree,
  kFreeSized,
  kFreeAlignedSized,
  kPosixMemalign,
  kAlignedAlloc,
  kMemalign,
  kValloc,
  kPvalloc,
  kOperatorNew,
  kOperatorDelete,
  kMmap,
  kMmap64,
  kMunmap,
  kMremap,
  kBrk,
  kSbrk,
  kFunctionCount
} OracleFunction;

/* Takes the lock with every signal blocked, so that a handler which allocates waits for nothing it
 * interrupted; the first call also opens the result file. errno is kept. */
void oracle_enter(void);
void oracle_leave(void);

/* Not 0: a malloc is the oracle's own. musl's pthread_atfork calls it by that name. */
extern int oracle_is_starting;

/* Heap events. A null address is a failed call. */
void oracle_note_allocation(OracleFunction function, const void* address, size_t size);
void oracle_note_free(OracleFunction function, const void* address);
void oracle_note_failure(OracleFunction function);
void oracle_note_reallocation(OracleFunction function, const void* old_address,
                              const void* new_address, size_t size);

/* Events of pages. Lengths are already whole pages. */
void oracle_note_map(OracleFunction function, uintptr_t start, size_t length);
void oracle_note_unmap(uintptr_t start, size_t length);
void oracle_note_remap(uintptr_t old_start, size_t old_length, uintptr_t new_start,
                       size_t new_length);
void oracle_note_break(OracleFunction function, uintptr_t old_end, uintptr_t new_end);

#endif
