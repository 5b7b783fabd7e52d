/* A new innermost frame every time: the outer frames stay, the function that calls malloc is
 * another one at each allocation, in turn out of LEAVES.
 *
 * usage: changing_leaf DEPTH LEAVES PAIRS     pairs of malloc and free; at most 256 leaves */
#include <stdlib.h>

#include "tests/bench/programs/call_path.h"
#include "tests/bench/programs/live_blocks.h"
#include "tests/bench/programs/stopwatch.h"

enum { kDeepest = 1000 };

struct loop {
  struct live_blocks live;
  long pairs;
  long leaves;
};

#define LEAF(number)                                                     \
  BENCH_REAL_FRAME static void leaf_##number(struct live_blocks* live) { \
    replace_oldest(live);                                                \
  }
CALL_PATH_ALL(LEAF)

#define LEAF_ENTRY(number) leaf_##number,
static void (*const kLeaves[])(struct live_blocks*) = {CALL_PATH_ALL(LEAF_ENTRY)};

BENCH_REAL_FRAME static void call_leaves(const struct call* rest, void* argument) {
  (void)rest;
  struct loop* loop = argument;
  long leaf = 0;
  for (long i = 0; i < loop->pairs; ++i) {
    kLeaves[leaf](&loop->live);
    if (++leaf == loop->leaves) leaf = 0;
  }
}

int main(int argc, char** argv) {
  static struct call path[kDeepest];
  const int depth = (int)number_argument(argc, argv, 1, 3, kDeepest);
  struct loop loop = {.leaves = number_argument(argc, argv, 2, 1, kLinks)};
  const long pairs = number_argument(argc, argv, 3, 1, 1L << 40);
  make_call_path(path, depth - 3, call_leaves); /* main, call_leaves and the leaf count too */

  loop.pairs = pairs / 20 + 2 * kLinks; /* every leaf at least twice before the clock starts */
  walk_call_path(path, &loop);
  loop.pairs = pairs;
  const struct stopwatch watch = start_stopwatch();
  walk_call_path(path, &loop);
  report_stopwatch(&watch, pairs);
  free_live_blocks(&loop.live);
  return 0;
}
