// Blocks that end a program's life in every way a leak checker tells apart. Each shape has sizes of
// its own, so that a test knows its blocks again:
//
//   1001 definite              nobody points to it
//   2001 → 2002 → 2003         a list whose head is lost
//   3001 ⇄ 3001                a lost cycle of two; 3101 → 3102 → 3103 → 3101 one of three, whose
//                              eldest is the middle one in memory
//   4001                       only its inside is pointed to; it holds 4002
//   5001                       one past its end is pointed to: lost
//   6001 → 6002                a global holds it
//   7001                       thread-local storage of a living thread, 7002 the stack of one that
//                              sleeps, 7003 a register of it alone
//   7101                       thread-local storage of a thread that has ended: lost
//   8001                       a mapping of the program's own holds it
//   9001                       memory that was freed still holds it: lost
// With the argument "alone" no second thread is running at the end, with "exit" it is ended by
// exit() deep in the program, with "_exit" by _exit().
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/hosts/host.h"

struct node {
  struct node* next;
};

void* g_inside;
void* g_past_end;
struct node* g_held;
__thread void* t_held;
static int g_ready[2];

static struct node* make(size_t size) {
  struct node* node = keep(calloc(1, size));
  require(node != NULL, "calloc");
  return node;
}

HOST_NOINLINE static void lose_one(void) {
  make(1001);
}

HOST_NOINLINE static void lose_list(void) {
  struct node* head = make(2001);
  head->next = make(2002);
  head->next->next = make(2003);
}

HOST_NOINLINE static void lose_cycles(void) {
  struct node* one = make(3001);
  one->next = make(3001);
  one->next->next = one;
  // Places in memory that are not in the order of allocation.
  struct node* places[3] = {make(3104), make(3104), make(3104)};
  free(places[1]);
  struct node* eldest = make(3101);
  free(places[0]);
  struct node* second = make(3102);
  free(places[2]);
  struct node* third = make(3103);
  eldest->next = second;
  second->next = third;
  third->next = eldest;
}

HOST_NOINLINE static void hold_inside(void) {
  struct node* block = make(4001);
  block->next = make(4002);
  g_inside = (char*)block + 2000;
}

HOST_NOINLINE static void hold_past_end(void) {
  g_past_end = (char*)make(5008) + 5008;
}

HOST_NOINLINE static void hold_by_global(void) {
  g_held = make(6001);
  g_held->next = make(6002);
}

HOST_NOINLINE static void hold_by_mapping(void) {
  void** page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(page != MAP_FAILED, "mmap");
  page[100] = make(8001);
}

HOST_NOINLINE static void hold_by_freed(void) {
  struct node* holder = make(9000);
  holder[10].next = make(9001);
  free(holder);
}

static void* end_soon(void* unused) {
  t_held = make(7101);
  return unused;
}

static void* stay(void* unused) {
  t_held = make(7001);
  struct node* volatile on_stack = make(7002);
  register struct node* in_register __asm__("r12") = make(7003);
  char byte = 0;
  __asm__ volatile("" : "+r"(in_register));
  require(write(g_ready[1], &byte, 1) == 1, "write");
  // The kernel keeps it while the thread sleeps; no other register or stack word has it.
  __asm__ volatile(
      "1: mov $34, %%eax\n\t" /* pause */
      "syscall\n\t"
      "jmp 1b"
      : "+r"(in_register)
      :
      : "rax", "rcx", "r11", "memory");
  free(on_stack);
  return unused;
}

HOST_NOINLINE static void scrub(void) {
  char remains[16384];
  memset(remains, 0, sizeof remains);
  keep(remains);
}

HOST_NOINLINE static void all_shapes(int with_thread) {
  lose_one();
  lose_list();
  lose_cycles();
  hold_inside();
  hold_past_end();
  hold_by_global();
  hold_by_mapping();
  hold_by_freed();
  pthread_t thread;
  require(pthread_create(&thread, NULL, end_soon, NULL) == 0, "pthread_create");
  require(pthread_join(thread, NULL) == 0, "pthread_join");
  if (with_thread) {
    char byte = 0;
    require(pipe(g_ready) == 0, "pipe");
    require(pthread_create(&thread, NULL, stay, NULL) == 0, "pthread_create");
    require(read(g_ready[0], &byte, 1) == 1, "read");
    usleep(20000);
  }
}

int main(int argc, char** argv) {
  const char* how = argc > 1 ? argv[1] : "";
  all_shapes(strcmp(how, "alone") != 0);
  scrub();
  if (strcmp(how, "exit") == 0) exit(3);
  if (strcmp(how, "_exit") == 0) _exit(4);
  return 0;
}
