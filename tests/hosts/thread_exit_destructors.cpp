// Allocations at the very end of a thread: in the destructor of a thread_local and in that of a
// pthread key, when a tracer's own state of the thread may be gone. Three threads, two blocks each.
#include <pthread.h>

#include <cstdlib>

#include "tests/hosts/host.h"

namespace {

pthread_key_t key;

struct AllocatesAtExit {
  ~AllocatesAtExit() { keep(std::malloc(321)); }
  int touched = 0;
};

thread_local AllocatesAtExit at_exit;

extern "C" void key_destructor(void* unused) {
  static_cast<void>(unused);
  keep(std::malloc(654));
}

extern "C" void* thread_main(void* unused) {
  at_exit.touched = 1;
  pthread_setspecific(key, &key);
  return unused;
}

}  // namespace

int main() {
  require(pthread_key_create(&key, key_destructor) == 0, "pthread_key_create");
  pthread_t threads[3];
  for (pthread_t& thread : threads) pthread_create(&thread, nullptr, thread_main, nullptr);
  for (pthread_t& thread : threads) pthread_join(thread, nullptr);
  say("done\n");
  return 0;
}
