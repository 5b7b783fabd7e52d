/* Live blocks by address: open addressing with linear probing in memory of its own, so that keeping
 * books never allocates. Fixed size: 4 million blocks are more than any test program holds.
 *
 * Callers: state.c only, with the lock held. Errors: insert returns 0 when the table is full. */
#ifndef MEMWATCH_TESTS_ORACLE_BLOCK_TABLE_H
#define MEMWATCH_TESTS_ORACLE_BLOCK_TABLE_H

#include <stdint.h>

typedef struct {
  uintptr_t address;
  uint64_t size;
  uint64_t thread_allocations; /* the owner's count of allocations right after this one */
  uint32_t thread;
  uint32_t generation; /* the process it was allocated in: raised by fork */
  uint32_t reallocated;
  uint32_t unused;
} OracleBlock;

void oracle_table_open(void);
int oracle_table_insert(const OracleBlock* block);
/* Copies the block out and removes it; 0 when there is none at this address. */
int oracle_table_remove(uintptr_t address, OracleBlock* removed);
uint64_t oracle_table_size(void);

#endif
