#include "preload/give_back.h"

#include <gtest/gtest.h>

#include "preload/thread_local_state.h"
#include "tests/unit/intake/segment_builder.h"
#include "tests/unit/preload/shim_in_process.h"

namespace memwatch::preload {
namespace {

TEST(GiveBack, IsServedOnceAndNeverWhileTheAllocatorOrAHookIsInterrupted) {
  const intake::Segment segment =
      intake_testing::SegmentBuilder(protocol::ordinary_geometry()).take();
  const preload_testing::ShimInProcess shim(segment);
  protocol::SegmentHeader& header = segment.header();
  header.trim_wanted.store(1);
  {
    const PassThrough interrupted_allocator;
    give_back_if_asked(1);
  }
  EXPECT_EQ(header.trim_begun.load(), 0U);
  give_back_if_asked(2);
  EXPECT_EQ(header.trim_begun.load(), 0U);
  give_back_if_asked(1);
  EXPECT_EQ(header.trim_begun.load(), 1U);
  EXPECT_EQ(header.trim_done.load(), 1U);
}

}  // namespace
}  // namespace memwatch::preload
