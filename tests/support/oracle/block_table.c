#include "tests/support/oracle/block_table.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/oracle/kernel.h"

#define TABLE_BITS 22
#define TABLE_SLOTS (1ul << TABLE_BITS)

static OracleBlock* slots;
static uint64_t used_slots;

static uint64_t home_of(uintptr_t address) {
  return ((uint64_t)(address >> 4) * 0x9e3779b97f4a7c15ul) >> (64 - TABLE_BITS);
}

static uint64_t next_of(uint64_t slot) {
  return (slot + 1) & (TABLE_SLOTS - 1);
}

void oracle_table_open(void) {
  slots = kernel_mmap(NULL, TABLE_SLOTS * sizeof(OracleBlock), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (slots == MAP_FAILED) _exit(99);
}

int oracle_table_insert(const OracleBlock* block) {
  if (used_slots >= TABLE_SLOTS / 2) return 0;
  uint64_t slot = home_of(block->address);
  while (slots[slot].address != 0) slot = next_of(slot);
  slots[slot] = *block;
  ++used_slots;
  return 1;
}

/* Closes the gap at hole: an entry further on whose home lies at or before the hole moves into it,
 * so that a search may stop at the first empty slot. */
static void close_gap(uint64_t hole) {
  for (uint64_t slot = next_of(hole); slots[slot].address != 0; slot = next_of(slot)) {
    const uint64_t distance_from_home = (slot - home_of(slots[slot].address)) & (TABLE_SLOTS - 1);
    const uint64_t distance_from_hole = (slot - hole) & (TABLE_SLOTS - 1);
    if (distance_from_home < distance_from_hole) continue;
    slots[hole] = slots[slot];
    hole = slot;
  }
  memset(&slots[hole], 0, sizeof slots[hole]);
}

int oracle_table_remove(uintptr_t address, OracleBlock* removed) {
  uint64_t slot = home_of(address);
  while (slots[slot].address != address) {
    if (slots[slot].address == 0) return 0;
    slot = next_of(slot);
  }
  *removed = slots[slot];
  close_gap(slot);
  --used_slots;
  return 1;
}

uint64_t oracle_table_size(void) {
  return used_slots;
}
