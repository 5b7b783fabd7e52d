// Allocations that must fail, of every kind, on every machine: too large to be asked for, products
// that overflow, alignments that are none. Called by the workers, any thread.
// Errors: a call that succeeds ends the program (give_up).
#pragma once

#include "tests/support/random_allocator/blocks.h"
#include "tests/support/random_allocator/random.h"

namespace memwatch::random_allocator {

// `block` is a live block of a C family; a failed realloc must leave it as it is.
void fail_somehow(const Block& block, Random& random);

}  // namespace memwatch::random_allocator
