/* What keeps a call a call: the function is neither inlined nor cloned, and with
 * -fno-optimize-sibling-calls (CMakeLists.txt) its last call does not take over its frame. For C
 * and C++. */
#ifndef MEMWATCH_TESTS_BENCH_PROGRAMS_REAL_FRAME_H
#define MEMWATCH_TESTS_BENCH_PROGRAMS_REAL_FRAME_H

#if defined(__clang__)
#define BENCH_REAL_FRAME __attribute__((noinline))
#else
#define BENCH_REAL_FRAME __attribute__((noinline, noipa))
#endif

/* Locals that take room in the frame and that the compiler must believe to be used. */
#define BENCH_KEEP(locals) __asm__ volatile("" : : "r"(locals) : "memory")

#endif
