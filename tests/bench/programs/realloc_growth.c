/* Buffers that grow: realloc by half as much again from 16 bytes to 16 KiB, then free, eight
 * buffers in turn so that they get in each other's way.
 *
 * usage: realloc_growth CALLS     calls of realloc; the time reported is that of one */
#include <stdlib.h>

#include "tests/bench/programs/real_frame.h"
#include "tests/bench/programs/stopwatch.h"

enum { kBuffers = 8, kFirst = 16, kLargest = 16 << 10 };

struct buffer {
  void* data;
  size_t size;
};

BENCH_REAL_FRAME static void grow(struct buffer* buffer) {
  if (buffer->size > kLargest) {
    free(buffer->data);
    buffer->data = NULL;
    buffer->size = 0;
  }
  buffer->size = buffer->size == 0 ? kFirst : buffer->size + buffer->size / 2;
  void* data = realloc(buffer->data, buffer->size);
  if (data == NULL) exit(3);
  buffer->data = data;
}

BENCH_REAL_FRAME static void grow_in_turn(struct buffer* buffers, long calls) {
  for (long i = 0; i < calls; ++i) grow(&buffers[i % kBuffers]);
}

int main(int argc, char** argv) {
  const long calls = number_argument(argc, argv, 1, 1, 1L << 40);
  struct buffer buffers[kBuffers] = {{NULL, 0}};
  grow_in_turn(buffers, calls / 20 + 1000);
  const struct stopwatch watch = start_stopwatch();
  grow_in_turn(buffers, calls);
  report_stopwatch(&watch, calls);
  for (int i = 0; i < kBuffers; ++i) free(buffers[i].data);
  return 0;
}
