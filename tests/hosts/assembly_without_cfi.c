/* Hand-written assembly without unwind tables between main and malloc, and frame pointers that lie:
 * misaligned, null, to itself, up and down the stack, into the heap, to pages that do not exist or
 * may not be read, beyond the address space. A stack may end early; reading where one of these
 * points must not end the program. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/hosts/host.h"

/* void* allocate_with_frame_pointer(size_t size, uintptr_t frame_pointer): no .cfi directives. */
__asm__(
    ".text\n"
    ".globl allocate_with_frame_pointer\n"
    ".type allocate_with_frame_pointer, @function\n"
    "allocate_with_frame_pointer:\n"
    "  push %rbp\n"
    "  push %rbx\n"
    "  mov %rsi, %rbp\n"
    "  sub $24, %rsp\n"
    "  call malloc@PLT\n"
    "  add $24, %rsp\n"
    "  pop %rbx\n"
    "  pop %rbp\n"
    "  ret\n"
    ".size allocate_with_frame_pointer, .-allocate_with_frame_pointer\n");
void* allocate_with_frame_pointer(size_t size, uintptr_t frame_pointer);

/* A chain of two frames that lead to each other for ever. */
static uintptr_t circle[4];

HOST_NOINLINE static void allocate_with_lies(uintptr_t forbidden) {
  uintptr_t here[2] = {0, 0};
  const uintptr_t at = (uintptr_t)here;
  here[0] = at; /* a frame that is its own caller */
  here[1] = (uintptr_t)allocate_with_frame_pointer + 9;
  circle[0] = (uintptr_t)(circle + 2);
  circle[2] = (uintptr_t)circle;
  circle[1] = circle[3] = here[1];
  const uintptr_t lies[] = {
      at,
      at + 1,
      0,
      8,
      (uintptr_t)circle,
      forbidden,
      forbidden + 4088,
      at - 4096,
      at + 8,
      at + (64 << 10), /* above the stack, where nothing is, but near enough to be believed */
      at + (256 << 10),
      at + (512 << 10),
      at + (1 << 20),
      at + ((uintptr_t)1 << 30),
      (uintptr_t)keep(malloc(16)),
      UINTPTR_MAX,
      UINTPTR_MAX - 8,
      (uintptr_t)1 << 47,
      ((uintptr_t)1 << 47) - 8,
      (uintptr_t)0xffffffffff600000};
  for (int turn = 0; turn < 20; ++turn)
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; ++i)
      free(keep(allocate_with_frame_pointer(33, lies[i])));
}

static void* thread_lies(void* forbidden) {
  allocate_with_lies((uintptr_t)forbidden);
  return NULL;
}

int main(void) {
  void* const forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(forbidden != MAP_FAILED, "mmap");
  allocate_with_lies((uintptr_t)forbidden);
  pthread_t thread;
  require(pthread_create(&thread, NULL, thread_lies, forbidden) == 0, "pthread_create");
  pthread_join(thread, NULL);
  say("done\n");
  return 0;
}
