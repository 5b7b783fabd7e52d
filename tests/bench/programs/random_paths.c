/* Call paths in random order: at each of LEVELS levels the left or the right function is called, so
 * there are 2^LEVELS distinct stacks, and half of the time even the outermost frame is another one
 * than the last time. What parsers, compilers and interpreters do to a stack cache.
 *
 * usage: random_paths LEVELS PAIRS     pairs of malloc and free; up to 20 levels
 *
 * The stack has LEVELS + 3 frames of the program's own: main, walk_paths, and the one that
 * allocates. */
#include <stdint.h>
#include <stdlib.h>

#include "tests/bench/programs/live_blocks.h"
#include "tests/bench/programs/real_frame.h"
#include "tests/bench/programs/stopwatch.h"

enum { kMostLevels = 20 };

typedef void (*level_function)(uint32_t choices, struct live_blocks* live);

BENCH_REAL_FRAME static void allocate(uint32_t choices, struct live_blocks* live) {
  (void)choices;
  replace_oldest(live);
}

/* The functions of a level call those of the level below it; level 0 allocates. */
extern const level_function kLevels[kMostLevels + 1][2];

#define SIDE(side, level, locals_bytes)                                            \
  BENCH_REAL_FRAME static void side##_of_level_##level(uint32_t choices,           \
                                                       struct live_blocks* live) { \
    char locals[locals_bytes];                                                     \
    BENCH_KEEP(locals);                                                            \
    kLevels[(level)-1][choices & 1](choices >> 1, live);                           \
    BENCH_KEEP(locals);                                                            \
  }
#define LEVEL(level)   \
  SIDE(left, level, 8) \
  SIDE(right, level, 24)
#define ALL_LEVELS(what)                                                                    \
  what(1) what(2) what(3) what(4) what(5) what(6) what(7) what(8) what(9) what(10) what(11) \
      what(12) what(13) what(14) what(15) what(16) what(17) what(18) what(19) what(20)
ALL_LEVELS(LEVEL)

#define LEVEL_ENTRY(level) {left_of_level_##level, right_of_level_##level},
const level_function kLevels[kMostLevels + 1][2] = {{allocate, allocate}, ALL_LEVELS(LEVEL_ENTRY)};

static uint64_t next_random(uint64_t* state) { /* xorshift64*, top bits are used */
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 0x2545f4914f6cdd1dULL;
}

BENCH_REAL_FRAME static void walk_paths(int levels, long pairs, uint64_t* random,
                                        struct live_blocks* live) {
  for (long i = 0; i < pairs; ++i) {
    const uint32_t choices = (uint32_t)(next_random(random) >> 32);
    kLevels[levels][choices & 1](choices >> 1, live);
  }
}

int main(int argc, char** argv) {
  const int levels = (int)number_argument(argc, argv, 1, 1, kMostLevels);
  const long pairs = number_argument(argc, argv, 2, 1, 1L << 40);
  struct live_blocks live = {0};
  uint64_t random = 88172645463325252ULL;
  /* Nearly every path is taken before the clock starts. */
  const long all_paths = 1L << levels;
  walk_paths(levels, pairs / 20 > 3 * all_paths ? pairs / 20 : 3 * all_paths, &random, &live);
  const struct stopwatch watch = start_stopwatch();
  walk_paths(levels, pairs, &random, &live);
  report_stopwatch(&watch, pairs);
  free_live_blocks(&live);
  return 0;
}
