#include "tests/support/random_allocator/failures.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace memwatch::random_allocator {
namespace {

// Volatile, or the compiler proves the calls futile and says so.
volatile std::size_t huge = SIZE_MAX / 2 + 4096;
volatile std::size_t half = SIZE_MAX / 2;
volatile std::size_t beyond_address_space = std::size_t{1} << 56;

void expect_null(const void* address) {
  if (address != nullptr) give_up("an allocation that should fail succeeded");
}

void fail_in_c(const Block& block, Random& random) {
  void* result = nullptr;
  switch (random.below(10)) {
    case 0:
      return expect_null(std::malloc(huge));
    case 1:
      return expect_null(std::calloc(half, 4));
    case 2:
      return expect_null(std::calloc(1, huge));
    case 3:
      return expect_null(std::realloc(block.address, huge));
    case 4:
      return expect_null(reallocarray(block.address, half, 4));
    case 5:
      if (posix_memalign(&result, 24, 100) != EINVAL) give_up("posix_memalign took 24");
      return;
    case 6:
      if (posix_memalign(&result, 64, huge) != ENOMEM) give_up("posix_memalign found room");
      return;
    case 7:
      return expect_null(std::aligned_alloc(64, huge));
    case 8:
      return expect_null(memalign(64, huge));
    default:
      return expect_null(random.one_in(2) ? valloc(huge) : pvalloc(huge));
  }
}

void fail_in_throwing_new(Random& random) {
  try {
    switch (random.below(4)) {
      case 0:
        return expect_null(::operator new(huge));
      case 1:
        return expect_null(::operator new[](huge));
      case 2:
        return expect_null(::operator new (huge, std::align_val_t{64}));
      default:
        return expect_null(::operator new[](huge, std::align_val_t{64}));
    }
  } catch (const std::bad_alloc&) {
    return;
  }
}

void fail_in_nothrow_new(Random& random) {
  switch (random.below(4)) {
    case 0:
      return expect_null(::operator new(huge, std::nothrow));
    case 1:
      return expect_null(::operator new[](huge, std::nothrow));
    case 2:
      return expect_null(::operator new (huge, std::align_val_t{64}, std::nothrow));
    default:
      return expect_null(::operator new[](huge, std::align_val_t{64}, std::nothrow));
  }
}

void fail_in_mmap(Random& random) {
  const std::size_t length = random.one_in(2) ? 0 : beyond_address_space;
  const void* const start =
      mmap(nullptr, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start != MAP_FAILED) give_up("an impossible mmap succeeded");
}

}  // namespace

void fail_somehow(const Block& block, Random& random) {
  switch (random.below(5)) {
    case 0:
      return fail_in_throwing_new(random);
    case 1:
      return fail_in_nothrow_new(random);
    case 2:
      return fail_in_mmap(random);
    default:
      return fail_in_c(block, random);
  }
}

}  // namespace memwatch::random_allocator
