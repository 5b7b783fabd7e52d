#include "tests/support/oracle/state.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "tests/support/oracle/block_table.h"
#include "tests/support/oracle/counters.h"
#include "tests/support/oracle/range_list.h"

#define THREAD_LOCAL static __thread __attribute__((tls_model("initial-exec")))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sigset_t signals_before; /* of the thread that holds the lock */
static int opened;
static uint32_t generation;
static uint32_t last_thread;

THREAD_LOCAL uint32_t
    this_thread; /* a serial number: pthread_self is used again by later threads */
THREAD_LOCAL uint64_t thread_allocations;

void oracle_enter(void) {
  const int kept_errno = errno;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_mutex_lock(&lock);
  signals_before = before;
  if (!opened) {
    opened = 1;
    oracle_open_counters();
    oracle_table_open();
  }
  if (this_thread == 0) this_thread = ++last_thread;
  errno = kept_errno;
}

void oracle_leave(void) {
  const sigset_t before = signals_before;
  pthread_mutex_unlock(&lock);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void prepare_fork(void) {
  oracle_enter();
}
static void parent_after_fork(void) {
  oracle_leave();
}

/* The child starts at zero; what it inherited stays in the table under the older generation. */
static void child_after_fork(void) {
  ++generation;
  oracle_open_counters();
  oracle_ranges_clear();
  oracle_set(kInheritedBlocks, oracle_table_size());
  oracle_leave();
}

int oracle_is_starting;

__attribute__((constructor)) static void begin(void) {
  oracle_is_starting = 1;
  pthread_atfork(prepare_fork, parent_after_fork, child_after_fork);
  oracle_is_starting = 0;
  /* Opens the result file also for a program that never calls anything. */
  oracle_enter();
  oracle_leave();
}

static void live_grows(uint64_t bytes) {
  oracle_add(kLiveBytes, bytes);
  oracle_raise(kPeakBytes, oracle_get(kLiveBytes));
}

static void insert_block(const void* address, size_t size, uint32_t reallocated) {
  ++thread_allocations;
  const OracleBlock block = {.address = (uintptr_t)address,
                             .size = size,
                             .thread_allocations = thread_allocations,
                             .thread = this_thread,
                             .generation = generation,
                             .reallocated = reallocated};
  if (!oracle_table_insert(&block)) oracle_add(kTableFull, 1);
}

void oracle_note_failure(OracleFunction function) {
  oracle_count_failed_call(function);
}

void oracle_note_allocation(OracleFunction function, const void* address, size_t size) {
  if (address == NULL) {
    oracle_count_failed_call(function);
    return;
  }
  oracle_count_call(function, size);
  insert_block(address, size, 0);
  oracle_add(kAllocations, 1);
  oracle_add(kAllocatedBytes, size);
  oracle_add(kLiveBlocks, 1);
  live_grows(size);
}

void oracle_note_free(OracleFunction function, const void* address) {
  oracle_count_call(function, 0);
  OracleBlock block;
  if (!oracle_table_remove((uintptr_t)address, &block)) {
    oracle_add(kUnmatchedFrees, 1);
    return;
  }
  if (block.generation != generation) {
    oracle_add(kInheritedFrees, 1);
    return;
  }
  oracle_add(kFrees, 1);
  oracle_add(kFreedBytes, block.size);
  oracle_subtract(kLiveBlocks, 1);
  oracle_subtract(kLiveBytes, block.size);
  if (block.thread == this_thread && block.thread_allocations == thread_allocations &&
      !block.reallocated)
    oracle_add(kTemporary, 1);
}

void oracle_note_reallocation(OracleFunction function, const void* old_address,
                              const void* new_address, size_t size) {
  oracle_count_call(function, size);
  OracleBlock block = {0};
  if (!oracle_table_remove((uintptr_t)old_address, &block)) {
    oracle_add(kUnmatchedFrees, 1);
    block.generation = generation - 1; /* its size is unknown: it only adds from here on */
  }
  insert_block(new_address, size, 1);
  oracle_add(kReallocations, 1);
  oracle_add(kAllocatedBytes, size);
  if (block.generation == generation) {
    oracle_add(kFreedBytes, block.size);
    oracle_subtract(kLiveBytes, block.size);
  } else {
    oracle_add(kLiveBlocks, 1);
  }
  live_grows(size);
}

static void mapped_shrinks(uint64_t bytes) {
  oracle_add(kUnmappedBytes, bytes);
  oracle_subtract(kMappedLiveBytes, bytes);
}

static void mapped_grows(uint64_t bytes) {
  oracle_add(kMappedBytes, bytes);
  oracle_add(kMappedLiveBytes, bytes);
  oracle_raise(kMappedPeakBytes, oracle_get(kMappedLiveBytes));
}

void oracle_note_map(OracleFunction function, uintptr_t start, size_t length) {
  oracle_count_call(function, length);
  mapped_shrinks(oracle_ranges_remove(start, start + length)); /* a MAP_FIXED overlay */
  oracle_ranges_add(start, start + length);
  oracle_add(kMaps, 1);
  mapped_grows(length);
}

void oracle_note_unmap(uintptr_t start, size_t length) {
  const uint64_t removed = oracle_ranges_remove(start, start + length);
  oracle_count_call(kMunmap, removed);
  oracle_add(kUnmaps, 1);
  mapped_shrinks(removed);
}

void oracle_note_remap(uintptr_t old_start, size_t old_length, uintptr_t new_start,
                       size_t new_length) {
  oracle_count_call(kMremap, new_length);
  mapped_shrinks(oracle_ranges_remove(old_start, old_start + old_length));
  mapped_shrinks(oracle_ranges_remove(new_start, new_start + new_length));
  oracle_ranges_add(new_start, new_start + new_length);
  mapped_grows(new_length);
}

void oracle_note_break(OracleFunction function, uintptr_t old_end, uintptr_t new_end) {
  oracle_count_call(function, new_end > old_end ? new_end - old_end : 0);
  if (new_end > old_end)
    mapped_grows(new_end - old_end);
  else
    mapped_shrinks(old_end - new_end);
}
