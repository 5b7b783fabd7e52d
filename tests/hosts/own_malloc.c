/* A program with its own malloc, served from a static array: its calls never reach a preloaded
 * library, and it must run as if there were none. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/hosts/host.h"

static char arena[1 << 20];
static size_t used;
static int served;

void* malloc(size_t size);
void* calloc(size_t count, size_t size);
void* realloc(void* block, size_t size);
void free(void* block);

void* malloc(size_t size) {
  const size_t rounded = (size + 31) / 16 * 16; /* 16 bytes ahead of the block hold its size */
  if (used + rounded > sizeof arena) return NULL;
  char* const block = arena + used + 16;
  memcpy(block - 16, &size, sizeof size);
  used += rounded;
  ++served;
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

int main(void) {
  const int before = served;
  char* const block = keep(malloc(100));
  require(block >= arena && block < arena + sizeof arena, "a block of the program's own arena");
  free(keep(realloc(block, 200)));
  free(keep(strdup("from libc")));
  say("served %d\n", served - before);
  return 0;
}
