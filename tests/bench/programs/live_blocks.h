/* The load of most programs here: 64 live blocks, of which the oldest is freed and one of the same
 * size allocated. So malloc and free themselves cost next to nothing (glibc: about 11 ns for the
 * pair on a machine of 2 GHz), and what a tracer adds is seen undisturbed. One per thread. */
#ifndef MEMWATCH_TESTS_BENCH_PROGRAMS_LIVE_BLOCKS_H
#define MEMWATCH_TESTS_BENCH_PROGRAMS_LIVE_BLOCKS_H

#include <stdlib.h>

enum { kLiveBlocks = 64 };

struct live_blocks {
  void* blocks[kLiveBlocks];
  unsigned next;
};

/* One pair of free and malloc, in the frame of the caller. */
static inline void replace_oldest(struct live_blocks* live) {
  const unsigned at = live->next++ % kLiveBlocks;
  free(live->blocks[at]);
  live->blocks[at] = malloc(16 + at % 8 * 16);
}

static inline void free_live_blocks(struct live_blocks* live) {
  for (unsigned i = 0; i < kLiveBlocks; ++i) {
    free(live->blocks[i]);
    live->blocks[i] = NULL;
  }
}

#endif
