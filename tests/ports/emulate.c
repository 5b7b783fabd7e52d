/* Runs a program of another processor under qemu-user with that processor's shim, while the
 * collector is a native one. The emulator itself shall not be traced, so the environment goes
 * without the native shim, by the system call, which the shim does not see. usage: emulate QEMU
 * SHIM PROGRAM [ARGUMENTS…] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char** environ;

int main(int argc, char** argv) {
  if (argc < 4) {
    fputs("usage: emulate QEMU SHIM PROGRAM [ARGUMENTS...]\n", stderr);
    return 2;
  }
  char** to = environ;
  for (char** from = environ; *from != NULL; ++from) {
    if (strncmp(*from, "LD_PRELOAD=", 11) != 0) *to++ = *from;
  }
  *to = NULL;
  char* preload = NULL;
  if (asprintf(&preload, "LD_PRELOAD=%s", argv[2]) < 0) return 2;
  char** arguments = calloc((size_t)argc + 2, sizeof(char*));
  if (arguments == NULL) return 2;
  arguments[0] = argv[1];
  arguments[1] = "-E";
  arguments[2] = preload;
  memcpy(arguments + 3, argv + 3, (size_t)(argc - 3) * sizeof(char*));
  syscall(SYS_execve, argv[1], arguments, environ);
  perror(argv[1]);
  return 2;
}
