/* How a benchmark program measures itself and says so: wall and CPU time around the measured part
 * alone, per operation, in nanoseconds. The line is what tests/bench/suite/micro.py reads. */
#ifndef MEMWATCH_TESTS_BENCH_PROGRAMS_STOPWATCH_H
#define MEMWATCH_TESTS_BENCH_PROGRAMS_STOPWATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct stopwatch {
  struct timespec wall, cpu; /* CPU of all threads of the process */
};

static inline struct stopwatch start_stopwatch(void) {
  struct stopwatch watch;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &watch.cpu);
  clock_gettime(CLOCK_MONOTONIC, &watch.wall);
  return watch;
}

static inline double elapsed_ns(const struct timespec* from, const struct timespec* to) {
  return (double)(to->tv_sec - from->tv_sec) * 1e9 + (double)(to->tv_nsec - from->tv_nsec);
}

static inline void report_stopwatch(const struct stopwatch* start, long operations) {
  const struct stopwatch end = start_stopwatch();
  printf("wall_ns %.3f cpu_ns %.3f\n", elapsed_ns(&start->wall, &end.wall) / (double)operations,
         elapsed_ns(&start->cpu, &end.cpu) / (double)operations);
}

/* The `index`th argument as a number in [low, high], or the end of the program. */
static inline long number_argument(int argc, char** argv, int index, long low, long high) {
  char* end = NULL;
  const long number = index < argc ? strtol(argv[index], &end, 10) : 0;
  if (end == NULL || *end != '\0' || number < low || number > high) {
    fprintf(stderr, "%s: argument %d: a number from %ld to %ld is needed\n", argv[0], index, low,
            high);
    exit(2);
  }
  return number;
}

#endif
