// Tests of GoogleTest's with limits on memory: some keep within theirs, some do not.
#include <memwatch/gtest.h>

#include <cstdlib>
#include <thread>

#include "tests/hosts/host.h"

namespace {

void* g_kept;

TEST(Peak, WithinItsLimit) {
  memwatch::gtest::limit().max_peak(102000);
  std::free(keep(std::malloc(100000)));
}

TEST(Peak, BeyondItsLimit) {
  memwatch::gtest::limit().max_peak(102000);
  std::free(keep(std::malloc(102001)));
}

TEST(NotFreed, IsLimitedForAll) {
  g_kept = keep(std::malloc(2001));
}

TEST(NotFreed, MayBeLoosened) {
  memwatch::gtest::limit().max_not_freed(2001);
  g_kept = keep(std::malloc(2001));
}

TEST(Allocations, OfOtherThreadsCount) {
  memwatch::gtest::limit().max_allocations(9).max_not_freed(1 << 20);
  std::thread([] {
    for (int i = 0; i < 10; ++i) std::free(keep(std::malloc(10)));
  }).join();
}

TEST(Allocated, BeyondItsLimit) {
  memwatch::gtest::limit().max_allocated(4999);
  for (int i = 0; i < 10; ++i) std::free(keep(std::malloc(500)));
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  memwatch::gtest::install(memwatch::gtest::Limits().max_not_freed(0));
  return RUN_ALL_TESTS();
}
