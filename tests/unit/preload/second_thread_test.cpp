// What the first thread has under way when a second one comes up.
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "collector/intake/tracked_process.h"
#include "preload/readable_memory.h"
#include "preload/record.h"
#include "tests/unit/intake/segment_builder.h"
#include "tests/unit/preload/shim_in_process.h"

namespace memwatch::preload {
namespace {

constexpr std::uint64_t kOldBlock = 0x555500011000;
constexpr std::uint64_t kNewBlock = 0x555500001000;

const void* block_at(std::uint64_t address) {
  return reinterpret_cast<const void*>(static_cast<std::uintptr_t>(address));
}

TEST(SecondThread, ComesUpDuringAReallocationAndHasTheNewBlockBeforeIt) {
  model::Session session;
  model::StackTable table{session};
  intake_testing::SegmentBuilder builder;
  intake::TrackedProcess process(builder.take(), table, "/p", ~0ULL, false);
  preload_testing::ShimInProcess shim(process.segment());
  preload_testing::record_malloc(kOldBlock, 1);
  {
    Reallocation reallocation(block_at(kOldBlock));
    std::thread([] {
      preload_testing::record_malloc(kNewBlock, 5);
      preload_testing::record_free(kNewBlock);
    }).join();
    reallocation.succeeded(Function::realloc_, block_at(kNewBlock), 50, MEMWATCH_CALL_SITE());
  }
  process.drain_to_end();
  process.collect_losses();
  EXPECT_EQ(process.live().facts.heap.live_bytes, 50U);
  EXPECT_TRUE(process.live().facts.losses.exact);
}

TEST(StackMemory, TheTopWordOfTheAddressSpaceIsNotReadable) {
  ReadableRange range{0x1000, 0x2000};
  EXPECT_FALSE(is_readable(range, ~std::uintptr_t{0} - 7));
}

}  // namespace
}  // namespace memwatch::preload
