/* The oracle's numbers, kept in a file that is mapped shared, so they are right up to the last
 * event however the process ends: exit, _exit, exec, a signal. The file is a row of 64-byte records
 * (name padded with zeros, value in host order) and names itself, so a reader needs no layout.
 *
 * Callers: state.c only, with the lock held. Errors: if the file cannot be made the numbers go to
 * private memory and are lost; the program never notices. Units: calls and bytes. */
#ifndef MEMWATCH_TESTS_ORACLE_COUNTERS_H
#define MEMWATCH_TESTS_ORACLE_COUNTERS_H

#include <stdint.h>

#include "tests/support/oracle/state.h"

typedef enum {
  kAllocations,
  kFrees,
  kReallocations,
  kAllocatedBytes,
  kFreedBytes,
  kFailed,
  kTemporary,
  kMaps,
  kUnmaps,
  kMappedBytes,
  kUnmappedBytes,
  kInheritedFrees,
  kLiveBlocks,
  kLiveBytes,
  kPeakBytes,
  kInheritedBlocks,
  kMappedLiveBytes,
  kMappedPeakBytes,
  kUnmatchedFrees,
  kTableFull,
  kTotalCount
} OracleTotal;

/* Opens the file that ORACLE_OUT names (%p is the pid, and ".N" is appended: N counts the images
 * and forks of one pid) and zeroes every counter. Called at the first event and in a forked child.
 */
void oracle_open_counters(void);

void oracle_add(OracleTotal total, uint64_t amount);
void oracle_subtract(OracleTotal total, uint64_t amount);
void oracle_set(OracleTotal total, uint64_t value);
uint64_t oracle_get(OracleTotal total);
void oracle_raise(OracleTotal peak, uint64_t value); /* peak = max(peak, value) */

void oracle_count_call(OracleFunction function, uint64_t bytes);
void oracle_count_failed_call(OracleFunction function);

#endif
