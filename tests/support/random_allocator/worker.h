// One thread of the random program: rounds of operations on its own blocks, and after each round a
// batch of blocks to another thread and one from a third. Everything it does follows from the seed
// and its index. run() is called once, on its own thread. Errors: see blocks.h.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/support/random_allocator/arguments.h"
#include "tests/support/random_allocator/blocks.h"
#include "tests/support/random_allocator/mailbox.h"
#include "tests/support/random_allocator/mappings.h"

namespace memwatch::random_allocator {

// Mailboxes of all pairs: from * threads + to.
using Mailboxes = std::vector<Mailbox>;

class Worker {
 public:
  Worker(const Arguments& arguments, unsigned index, Mailboxes& mailboxes);
  void run();

 private:
  void step(unsigned depth);
  void operate();
  void exchange(unsigned round);
  void release_half();
  void release_at(std::size_t index);
  void reallocate_at(std::size_t index);
  Block remove_at(std::size_t index);
  void keep(const Block& block);

  Arguments arguments_;
  unsigned index_;
  Mailboxes& mailboxes_;
  Random random_;
  Mappings mappings_;
  std::vector<Block> live_;
};

}  // namespace memwatch::random_allocator
