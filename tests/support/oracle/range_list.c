#include "tests/support/oracle/range_list.h"

#define MAX_RANGES 65536

typedef struct {
  uintptr_t start, end;
} Range;

static Range ranges[MAX_RANGES];
static uint32_t range_count;

void oracle_ranges_add(uintptr_t start, uintptr_t end) {
  if (start >= end || range_count == MAX_RANGES) return;
  ranges[range_count].start = start;
  ranges[range_count].end = end;
  ++range_count;
}

uint64_t oracle_ranges_remove(uintptr_t start, uintptr_t end) {
  uint64_t removed = 0;
  for (uint32_t i = 0; i < range_count;) {
    const Range range = ranges[i];
    const uintptr_t low = range.start > start ? range.start : start;
    const uintptr_t high = range.end < end ? range.end : end;
    if (low >= high) {
      ++i;
      continue;
    }
    removed += high - low;
    ranges[i] = ranges[--range_count];
    oracle_ranges_add(range.start, low);
    oracle_ranges_add(high, range.end);
    /* Slot i now holds another range (or one of the two remainders, which no longer overlap). */
  }
  return removed;
}

void oracle_ranges_clear(void) {
  range_count = 0;
}
