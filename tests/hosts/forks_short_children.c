/* Short children in great number, up to eight at a time, each with one block of 50 bytes and a
 * child of its own now and then. usage: forks_short_children CHILDREN */
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

static void run_child(int number) {
  keep(malloc(50));
  if (number % 10 == 0) {
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      keep(malloc(50));
      _exit(1);
    }
    int status = 0;
    if (waitpid(grandchild, &status, 0) != grandchild) _exit(97);
  }
  _exit(number & 31);
}

static long wait_for_one(void) {
  int status = 0;
  require(wait(&status) > 0 && WIFEXITED(status), "wait");
  return WEXITSTATUS(status);
}

int main(int argc, char** argv) {
  require(argc == 2, "usage: forks_short_children CHILDREN");
  const int children = atoi(argv[1]);
  long sum = 0;
  for (int i = 0; i < children; ++i) {
    if (i >= 8) sum += wait_for_one();
    const pid_t child = fork();
    require(child >= 0, "fork");
    if (child == 0) run_child(i);
  }
  for (int i = 0; i < children && i < 8; ++i) sum += wait_for_one();
  say("sum of statuses %ld\n", sum);
  return 0;
}
