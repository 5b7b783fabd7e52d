/* The program's own mappings as a list of disjoint page ranges, to know how many bytes a partial
 * munmap or a MAP_FIXED overlay really replaces. A plain array searched from one end to the other.
 *
 * Callers: state.c only, with the lock held. Errors: ranges beyond the capacity are not kept. */
#ifndef MEMWATCH_TESTS_ORACLE_RANGE_LIST_H
#define MEMWATCH_TESTS_ORACLE_RANGE_LIST_H

#include <stdint.h>

/* The caller has removed what the new range covers. */
void oracle_ranges_add(uintptr_t start, uintptr_t end);
/* Cuts [start, end) out of the list and returns how many bytes of it had been there. */
uint64_t oracle_ranges_remove(uintptr_t start, uintptr_t end);
void oracle_ranges_clear(void);

#endif
