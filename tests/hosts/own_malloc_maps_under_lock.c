/* A program with its own malloc that maps its memory while it holds a lock that does not nest, and
 * first does so before any constructor: what statically linked jemalloc does. Whoever calls malloc
 * while such a call is under way (the loader does, when functions are looked up) waits for ever. */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/hosts/host.h"

enum { CHUNK = 1 << 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char* chunk;
static size_t left;
static int served;
static int chunks;

void* malloc(size_t size);
void* calloc(size_t count, size_t size);
void* realloc(void* block, size_t size);
void free(void* block);

void* malloc(size_t size) {
  const size_t rounded = (size + 31) / 16 * 16; /* 16 bytes ahead of the block hold its size */
  pthread_mutex_lock(&lock);
  if (rounded > left) {
    const size_t bytes = rounded > CHUNK ? rounded : CHUNK;
    chunk = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    left = chunk != MAP_FAILED ? bytes : 0;
    ++chunks;
  }
  char* block = NULL;
  if (rounded <= left) {
    block = chunk + 16;
    memcpy(chunk, &size, sizeof size);
    chunk += rounded;
    left -= rounded;
    ++served;
  }
  pthread_mutex_unlock(&lock);
  return block;
}

void* calloc(size_t count, size_t size) {
  return malloc(count * size);
}

void* realloc(void* block, size_t size) {
  char* const moved = malloc(size);
  size_t old_size = 0;
  if (block != NULL) memcpy(&old_size, (char*)block - 16, sizeof old_size);
  if (moved != NULL && block != NULL) memcpy(moved, block, old_size < size ? old_size : size);
  return moved;
}

void free(void* block) {
  (void)block;
}

static void allocate_before_constructors(void) {
  keep(malloc(100));
}
__attribute__((section(".preinit_array"),
               used)) static void (*const first)(void) = allocate_before_constructors;

int main(void) {
  const int served_before = served;
  const int chunks_before = chunks;
  for (int i = 0; i < 1000; ++i) keep(malloc(1000));
  say("served %d from %d new chunks\n", served - served_before, chunks - chunks_before);
  return 0;
}
