// A seeded program that allocates at random through every entry point on several threads, passes
// blocks between them, and yet makes the same totals, the same live blocks and the same number of
// calls of each function on every run: what the oracle and memwatch are compared on. With one
// thread the peak is the same too.
#include <unistd.h>

#include <cstdio>
#include <list>
#include <thread>
#include <vector>

#include "tests/support/random_allocator/arguments.h"
#include "tests/support/random_allocator/worker.h"

using namespace memwatch::random_allocator;

int main(int argc, char** argv) {
  const auto arguments = parse_arguments(argc, argv);
  if (!arguments) {
    std::fputs("usage: random_allocator SEED THREADS OPERATIONS heap|failures|mappings|all\n",
               stderr);
    return 2;
  }
  Mailboxes mailboxes(arguments->threads * arguments->threads);
  std::list<Worker> workers;
  for (unsigned i = 0; i < arguments->threads; ++i) workers.emplace_back(*arguments, i, mailboxes);
  if (arguments->threads == 1) {
    workers.front().run();
  } else {
    // All are started before any is joined: libc would serve a later thread from the stack of one
    // that is gone, and whether there is one is a matter of timing.
    std::vector<std::thread> threads;
    threads.reserve(arguments->threads);
    for (Worker& worker : workers) threads.emplace_back(&Worker::run, &worker);
    for (std::thread& thread : threads) thread.join();
  }
  static_cast<void>(!write(STDOUT_FILENO, "done\n", 5));
  return 0;
}
