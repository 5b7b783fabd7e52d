/* Keeps a heap of as many MiB in blocks of 240 bytes as its argument says, and watches what a leak
 * check does to it: the longest moment in which it did not run, calls that ended early or not at
 * all, children that it never made.
 *
 *   usage: lives_through_checks MIB [plain|huge [MAPPED_MIB [THREADS]]]
 *     plain, huge   pages of 4 KiB alone, or large ones where the system has them
 *     MAPPED_MIB    also so much memory that it maps itself and writes to
 *     THREADS       also so many threads that sleep
 *
 * What it does for each character of its input:
 *   x   replaces itself by one of 1 MiB
 *   t   writes to each page, and says "touched"
 *   w   writes to each page again and again from now on, and says "writing"
 *   u   has a userfaultfd from now on, and says "watching"
 *   f   forks, and says "fork_us=…", the time that the call took
 *   end of a line   says "gap_us=… missed=… spoiled=… children=… signals=…" and starts anew:
 *     missed     times a thread in pause() was not woken by a signal that found it there
 *     spoiled    other calls that did not end as they should
 *     children   what a wait for any child of any kind says: none, living, dead
 *     signals    SIGCHLD
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/hosts/host.h"

enum { kBlockBytes = 240 };

void** g_blocks;
static atomic_uint_fast64_t g_gap_ns;
static atomic_uint g_missed, g_spoiled, g_signals, g_woken;
static atomic_int g_pausing_tid;

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void* watch_the_clock(void* unused) {
  uint64_t last = now_ns();
  for (;;) {
    const uint64_t now = now_ns();
    if (now - last > g_gap_ns) g_gap_ns = now - last;
    last = now;
  }
  return unused;
}

static void on_wake(int signal) {
  (void)signal;
}
static void on_child(int signal) {
  (void)signal;
  ++g_signals;
}

static void* pause_again_and_again(void* unused) {
  g_pausing_tid = (int)syscall(SYS_gettid);
  for (;;) {
    if (pause() != -1 || errno != EINTR) ++g_spoiled;
    ++g_woken;
  }
  return unused;
}

static void* nap_again_and_again(void* unused) {
  const struct timespec moment = {0, 2000000};
  for (;;) {
    if (nanosleep(&moment, NULL) != 0) ++g_spoiled;
    if (poll(NULL, 0, 2) != 0) ++g_spoiled;
  }
  return unused;
}

static void* sleep_for_ever(void* unused) {
  for (;;) pause();
  return unused;
}

/* Is the thread in pause()? The file begins with the number of the call. */
static int is_pausing(int tid) {
  char path[64], text[32] = "";
  snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t got = read(file, text, sizeof text - 1);
  close(file);
  return got > 0 && strtol(text, NULL, 10) == SYS_pause && strchr("0123456789", text[0]) != NULL;
}

static void* wake_it(void* thread) {
  const struct timespec moment = {0, 200000};
  for (;;) {
    while (g_pausing_tid == 0 || !is_pausing(g_pausing_tid)) nanosleep(&moment, NULL);
    const unsigned before = g_woken;
    pthread_kill(*(pthread_t*)thread, SIGUSR1);
    for (int turn = 0; g_woken == before; ++turn) {
      nanosleep(&moment, NULL);
      if (turn < 150000) continue; /* half a minute */
      ++g_missed;
      break;
    }
  }
  return thread;
}

static const char* children(void) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0)
    return errno == ECHILD ? "none" : "error";
  return info.si_pid == 0 ? "living" : "dead";
}

/* A page that was written to since the last fork takes the kernel longer to copy. */
static void touch(char* mapped, size_t mapped_bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) ++*(volatile char*)g_blocks[i];
  for (size_t at = 0; at < mapped_bytes; at += 4096) ++((volatile char*)mapped)[at];
}

struct range {
  char* mapped;
  size_t bytes, blocks;
};

static void* touch_again_and_again(void* argument) {
  const struct range* const all = argument;
  for (;;) touch(all->mapped, all->bytes, all->blocks);
  return argument;
}

/* Past the C library, as a leak check does it. */
static uint64_t fork_us(void) {
  const uint64_t before = now_ns();
  const long child = syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
  if (child == 0) syscall(SYS_exit_group, 0L);
  const uint64_t took = now_ns() - before;
  require(child > 0, "clone");
  while (waitpid((pid_t)child, NULL, 0) < 0 && errno == EINTR) continue;
  return took / 1000;
}

static void start(pthread_t* thread, void* (*body)(void*), void* argument) {
  require(pthread_create(thread, NULL, body, argument) == 0, "pthread_create");
}

int main(int argc, char** argv) {
  require(argc >= 2, "usage: lives_through_checks MIB [plain|huge]");
  if (argc >= 3 && strcmp(argv[2], "plain") == 0) prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  const size_t bytes = strtoull(argv[1], NULL, 10) << 20, count = bytes / (kBlockBytes + 16);
  g_blocks = malloc(count * sizeof *g_blocks);
  require(g_blocks != NULL, "malloc");
  for (size_t i = 0; i < count; ++i) {
    g_blocks[i] = malloc(kBlockBytes);
    require(g_blocks[i] != NULL, "malloc");
    memset(g_blocks[i], 1, kBlockBytes);
  }
  const size_t mapped = argc >= 4 ? strtoull(argv[3], NULL, 10) << 20 : 0;
  void* memory = NULL;
  if (mapped > 0) {
    memory = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(memory != MAP_FAILED, "mmap");
    memset(memory, 1, mapped);
  }
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_wake;
  sigaction(SIGUSR1, &action, NULL);
  action.sa_handler = on_child;
  action.sa_flags = SA_RESTART;
  sigaction(SIGCHLD, &action, NULL);
  static pthread_t pausing, other;
  start(&pausing, pause_again_and_again, NULL);
  start(&other, wake_it, &pausing);
  start(&other, nap_again_and_again, NULL);
  start(&other, watch_the_clock, NULL);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  for (int i = argc >= 5 ? atoi(argv[4]) : 0; i > 0; --i) {
    require(pthread_create(&other, &small, sleep_for_ever, NULL) == 0, "pthread_create");
  }
  say("ready\n");
  for (;;) {
    char byte = 0;
    const ssize_t got = read(0, &byte, 1);
    if (got == 0) return 0;
    if (got < 0) {
      ++g_spoiled;
      continue;
    }
    if (byte == 'x') execl("/proc/self/exe", argv[0], "1", (char*)NULL);
    if (byte == 't') {
      touch(memory, mapped, count);
      say("touched\n");
    }
    if (byte == 'w') {
      static struct range all;
      all = (struct range){memory, mapped, count};
      start(&other, touch_again_and_again, &all);
      say("writing\n");
    }
    if (byte == 'u') {
      const int for_everyone = 1; /* UFFD_USER_MODE_ONLY */
      require(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | for_everyone) >= 0, "userfaultfd");
      say("watching\n");
    }
    if (byte == 'f') say("fork_us=%llu\n", (unsigned long long)fork_us());
    if (byte != '\n') continue;
    say("gap_us=%llu missed=%u spoiled=%u children=%s signals=%u\n",
        (unsigned long long)(g_gap_ns / 1000), g_missed, g_spoiled, children(), g_signals);
    g_gap_ns = 0;
  }
}
