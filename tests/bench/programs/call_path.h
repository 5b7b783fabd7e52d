/* Real call stacks of a chosen depth: 256 different functions, each of which calls the next one of
 * an array, so that every frame has a return address and a size of its own, as in programs that
 * people write. For C and C++, any thread; the array must outlive the call.
 *
 *   path = { {link 0}, {link 1}, {leaf} }     link 0 -> link 1 -> leaf
 *
 * Depth counts the program's own frames, main and the caller of malloc included; the C library's
 * frames below main come on top. */
#ifndef MEMWATCH_TESTS_BENCH_PROGRAMS_CALL_PATH_H
#define MEMWATCH_TESTS_BENCH_PROGRAMS_CALL_PATH_H

#include "tests/bench/programs/real_frame.h"

struct call {
  void (*function)(const struct call* rest, void* argument);
};

enum { kLinks = 256 };

#define CALL_PATH_LINK(number)                                                                    \
  BENCH_REAL_FRAME static void call_path_link_##number(const struct call* rest, void* argument) { \
    char locals[(number) % 5 * 16 + 8];                                                           \
    BENCH_KEEP(locals);                                                                           \
    rest->function(rest + 1, argument);                                                           \
    BENCH_KEEP(locals);                                                                           \
  }

/* Expands to what(0x10) what(0x11) … what(0x10f): 256 in rows of sixteen. */
#define CALL_PATH_ROW(what, row)                                                                 \
  what(row##0) what(row##1) what(row##2) what(row##3) what(row##4) what(row##5) what(row##6)     \
      what(row##7) what(row##8) what(row##9) what(row##a) what(row##b) what(row##c) what(row##d) \
          what(row##e) what(row##f)
#define CALL_PATH_ALL(what) \
  CALL_PATH_ROW(what, 0x1)  \
  CALL_PATH_ROW(what, 0x2)  \
  CALL_PATH_ROW(what, 0x3)  \
  CALL_PATH_ROW(what, 0x4)  \
  CALL_PATH_ROW(what, 0x5)  \
  CALL_PATH_ROW(what, 0x6)  \
  CALL_PATH_ROW(what, 0x7)  \
  CALL_PATH_ROW(what, 0x8)  \
  CALL_PATH_ROW(what, 0x9)  \
  CALL_PATH_ROW(what, 0xa)  \
  CALL_PATH_ROW(what, 0xb)  \
  CALL_PATH_ROW(what, 0xc)  \
  CALL_PATH_ROW(what, 0xd)  \
  CALL_PATH_ROW(what, 0xe)  \
  CALL_PATH_ROW(what, 0xf)  \
  CALL_PATH_ROW(what, 0x10)

CALL_PATH_ALL(CALL_PATH_LINK)

#define CALL_PATH_ENTRY(number) {call_path_link_##number},
static const struct call kCallPathLinks[] = {CALL_PATH_ALL(CALL_PATH_ENTRY)};

/* Fills `path`, which has room for links + 1 calls. */
static inline void make_call_path(struct call* path, int links,
                                  void (*leaf)(const struct call*, void*)) {
  for (int i = 0; i < links; ++i) path[i] = kCallPathLinks[i % kLinks];
  path[links].function = leaf;
}

static inline void walk_call_path(const struct call* path, void* argument) {
  path->function(path + 1, argument);
}

#endif
