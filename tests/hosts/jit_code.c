/* Calls malloc from code that was written into memory a moment ago, with and without a frame
 * pointer: nobody has unwind tables for it. The code is written over and moved while the program
 * runs. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/hosts/host.h"

typedef void* (*Generated)(void* (*)(size_t), size_t);

/* push rbp; mov rbp, rsp; mov rax, rdi; mov rdi, rsi; call rax; pop rbp; ret */
static const unsigned char kWithFramePointer[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x89, 0xf8,
                                                  0x48, 0x89, 0xf7, 0xff, 0xd0, 0x5d, 0xc3};
/* sub rsp, 40; mov rax, rdi; mov rdi, rsi; call rax; add rsp, 40; ret */
static const unsigned char kWithout[] = {0x48, 0x83, 0xec, 0x28, 0x48, 0x89, 0xf8, 0x48, 0x89,
                                         0xf7, 0xff, 0xd0, 0x48, 0x83, 0xc4, 0x28, 0xc3};

HOST_NOINLINE static void run(unsigned char* memory, size_t at, const unsigned char* code,
                              size_t length) {
  memcpy(memory + at, code, length);
  Generated generated = NULL;
  const unsigned char* const start = memory + at;
  memcpy(&generated, &start, sizeof generated);
  void* const block = keep(generated(malloc, 45));
  if (at % 128 == 0) free(block);
}

int main(void) {
  for (int round = 0; round < 5; ++round) {
    unsigned char* const memory =
        mmap(NULL, 16384, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(memory != MAP_FAILED, "executable memory");
    for (size_t at = 0; at + 64 <= 16384; at += 64) {
      run(memory, at, kWithFramePointer, sizeof kWithFramePointer);
      run(memory, at, kWithout, sizeof kWithout);
    }
    require(munmap(memory, 16384) == 0, "munmap");
  }
  say("done\n");
  return 0;
}
