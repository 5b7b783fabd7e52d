/* A timer whose handler leaves by siglongjmp, as the read-eval-print loops of interpreters do,
 * again and again while a hook of the tracer is interrupted (never inside libc's malloc, which no
 * program may leave like that). What comes after the jumps must be recorded as ever: 1000 blocks of
 * 72 bytes. `nested` jumps stay inside the handler; `threaded` has a second thread that allocates.
 * usage: jumps_out_of_handlers JUMPS [nested|threaded] */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "tests/hosts/host.h"
#include "tests/hosts/interrupted_code.h"
#include "tests/hosts/libc_range.h"

static int wanted, nested;
static volatile int jumps;
static sigjmp_buf prompt;

/* A jump that stays inside the handler: the interrupted hook goes on afterwards. */
HOST_NOINLINE static void jump_inside(void) {
  sigjmp_buf inside;
  volatile int turns = 0;
  if (sigsetjmp(inside, 0) == 0) free(keep(malloc(10)));
  if (++turns < 3) siglongjmp(inside, 1);
}

static void on_alarm(int number, siginfo_t* info, void* context) {
  (void)number, (void)info;
  const uintptr_t pc = interrupted_code(context);
  if (is_in_libc(pc)) return;
  if (jumps >= wanted) return;
  ++jumps;
  if (nested) return jump_inside();
  siglongjmp(prompt, 1);
}

static atomic_int stop;

static void* churn(void* unused) {
  while (!atomic_load(&stop)) free(keep(malloc(64)));
  return unused;
}

static void start_churning(pthread_t* thread) {
  sigset_t alarm, before;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  pthread_sigmask(SIG_BLOCK, &alarm, &before); /* it is the main thread that jumps */
  require(pthread_create(thread, NULL, churn, NULL) == 0, "pthread_create");
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

HOST_NOINLINE static void after_the_jumps(void) {
  for (int i = 0; i < 1000; ++i) keep(malloc(72));
}

int main(int argc, char** argv) {
  require(argc >= 2, "usage: jumps_out_of_handlers JUMPS [nested|threaded]");
  wanted = atoi(argv[1]);
  nested = argc > 2 && strcmp(argv[2], "nested") == 0;
  const int threaded = argc > 2 && strcmp(argv[2], "threaded") == 0;
  look_for_libc();
  const struct sigaction action = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO};
  require(sigaction(SIGALRM, &action, NULL) == 0, "sigaction");
  pthread_t thread;
  if (threaded) start_churning(&thread);
  const struct itimerval every = {{0, 50}, {0, 50}};
  const struct itimerval never = {{0, 0}, {0, 0}};
  if (sigsetjmp(prompt, 1) == 0) setitimer(ITIMER_REAL, &every, NULL);
  while (jumps < wanted) free(keep(realloc(keep(malloc(48)), 4000)));
  setitimer(ITIMER_REAL, &never, NULL);
  atomic_store(&stop, 1);
  if (threaded) pthread_join(thread, NULL);
  after_the_jumps();
  say("%d jumps\n", jumps);
  return 0;
}
