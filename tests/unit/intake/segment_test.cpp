// Making, opening and refusing segments.
#include "collector/intake/segment.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "collector/intake/registry.h"
#include "collector/procfs/process_identity.h"
#include "tests/unit/intake/segment_builder.h"

namespace memwatch::intake {
namespace {

using protocol::SegmentHeader;

class SegmentOpening : public testing::Test {
 protected:
  void SetUp() override {
    auto made = Segment::create(getpid(), procfs::process_start_ticks(getpid()).value_or(0U),
                                intake_testing::small_geometry(), {});
    ASSERT_TRUE(made) << made.error().to_line();
    segment_.emplace(*std::move(made));
    segment_->header().ready.store(1);
    path_ = "/dev/shm/" + segment_->name();
  }
  void TearDown() override {
    if (segment_) segment_->remove();
  }
  [[nodiscard]] std::string why_refused() const {
    const auto opened = Segment::open(segment_->name());
    return opened ? "" : opened.error().to_line();
  }

  std::optional<Segment> segment_;
  std::string path_;
};

TEST_F(SegmentOpening, WhatWasMadeCanBeOpenedAndIsTheSameMemory) {
  const auto opened = Segment::open(segment_->name());
  ASSERT_TRUE(opened) << opened.error().to_line();
  EXPECT_EQ(opened->bytes(), segment_->bytes());
  EXPECT_EQ(opened->name(), segment_->name());
  EXPECT_EQ(opened->header().segment_id, segment_->header().segment_id);
  segment_->header().live_bytes.store(4711);
  EXPECT_EQ(opened->header().live_bytes.load(), 4711U);
}

TEST_F(SegmentOpening, IsPrivateToItsUser) {
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(SegmentOpening, ItsNameSaysWhoseItIs) {
  SegmentName name;
  ASSERT_TRUE(parse_segment_name(segment_->name(), &name));
  EXPECT_EQ(name.uid, geteuid());
  EXPECT_EQ(name.pid, getpid());
  EXPECT_EQ(name.start_time, procfs::process_start_ticks(getpid()));
}

TEST_F(SegmentOpening, TwoSegmentsNeverShareNameOrId) {
  auto other = Segment::create(getpid(), 1, intake_testing::small_geometry(), {});
  ASSERT_TRUE(other);
  EXPECT_NE(other->name(), segment_->name());
  EXPECT_NE(other->header().segment_id, segment_->header().segment_id);
  other->remove();
}

TEST_F(SegmentOpening, RefusesAForeignMagic) {
  segment_->header().magic ^= 1;
  EXPECT_NE(why_refused().find("is not a memwatch segment"), std::string::npos);
}

TEST_F(SegmentOpening, RefusesAnotherVersionAndNamesBoth) {
  segment_->header().version = 99;
  const std::string why = why_refused();
  EXPECT_NE(why.find("99"), std::string::npos) << why;
  EXPECT_NE(why.find(std::to_string(protocol::kProtocolVersion)), std::string::npos) << why;
}

TEST_F(SegmentOpening, RefusesAnUnsoundGeometry) {
  segment_->header().geometry.rings_offset += 4096;
  EXPECT_NE(why_refused().find("impossible layout"), std::string::npos);
}

TEST_F(SegmentOpening, RefusesWhatIsNotReady) {
  segment_->header().ready.store(0);
  EXPECT_NE(why_refused().find("not ready"), std::string::npos);
}

TEST_F(SegmentOpening, RefusesWhatOthersMayOpen) {
  for (const mode_t mode : {0640U, 0604U, 0602U, 0666U}) {
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    EXPECT_NE(why_refused().find("others may open it"), std::string::npos) << mode;
  }
}

TEST_F(SegmentOpening, RefusesWhatHasBeenCutShort) {
  for (const std::uint64_t bytes :
       {std::uint64_t{0}, std::uint64_t{1}, sizeof(SegmentHeader) - 1, sizeof(SegmentHeader),
        std::uint64_t{4096}, segment_->bytes() - 1}) {
    ASSERT_EQ(truncate(path_.c_str(), static_cast<off_t>(bytes)), 0);
    EXPECT_FALSE(Segment::open(segment_->name())) << bytes;
  }
}

TEST_F(SegmentOpening, DoesNotFollowASymbolicLink) {
  const std::string link = segment_->name() + "-link";
  ASSERT_EQ(symlink(path_.c_str(), ("/dev/shm/" + link).c_str()), 0);
  EXPECT_FALSE(Segment::open(link));
  unlink(("/dev/shm/" + link).c_str());
}

TEST_F(SegmentOpening, RefusesWhatDoesNotExistOrIsADirectory) {
  EXPECT_FALSE(Segment::open("memwatch.0.0.0.0000000000000000"));
  EXPECT_FALSE(Segment::open(""));
  EXPECT_FALSE(Segment::open("."));
}

TEST_F(SegmentOpening, ARemovedNameIsGoneButTheMemoryStays) {
  segment_->remove();
  EXPECT_FALSE(Segment::open(segment_->name()));
  segment_->header().live_bytes.store(1);
  EXPECT_EQ(segment_->header().live_bytes.load(), 1U);
}

TEST_F(SegmentOpening, SettingsReachTheHeader) {
  SegmentSettings settings;
  settings.control = protocol::Control::idle;
  settings.on_full = protocol::OnFull::drop;
  settings.large_bytes = 12345;
  settings.rendezvous = "/run/some/where";
  segment_->apply(settings);
  const SegmentHeader& header = segment_->header();
  EXPECT_EQ(header.control.load(), static_cast<std::uint32_t>(protocol::Control::idle));
  EXPECT_EQ(header.on_full.load(), static_cast<std::uint32_t>(protocol::OnFull::drop));
  EXPECT_EQ(header.large_bytes.load(), 12345U);
  EXPECT_STREQ(header.rendezvous, "/run/some/where");
}

TEST_F(SegmentOpening, APathTooLongForTheHeaderIsLeftOutWhole) {
  SegmentSettings settings;
  settings.rendezvous = std::string(protocol::kMaxRendezvousPath, 'x');
  segment_->apply(settings);
  EXPECT_STREQ(segment_->header().rendezvous, "");
}

TEST_F(SegmentOpening, TheCollectorInChargeIsTheLivingOneThatWroteItself) {
  EXPECT_EQ(collector_in_charge(*segment_), static_cast<std::uint32_t>(getpid()));
  segment_->header().collector_start_low.fetch_add(1);  // the pid was reused
  EXPECT_EQ(collector_in_charge(*segment_), 0U);
  take_charge(*segment_);
  EXPECT_EQ(collector_in_charge(*segment_), static_cast<std::uint32_t>(getpid()));
  release_charge(*segment_);
  EXPECT_EQ(collector_in_charge(*segment_), 0U);
}

TEST_F(SegmentOpening, TheRegistryListsTheSegmentsOfLivingProcesses) {
  const auto listed = [&] {
    const auto segments = living_segments();
    return std::any_of(segments.begin(), segments.end(), [&](const SegmentName& segment) {
      return segment.name == segment_->name();
    });
  };
  EXPECT_TRUE(listed());
  sweep_stale_segments();  // leaves ours alone
  EXPECT_TRUE(listed());
  segment_->remove();
  EXPECT_FALSE(listed());
}

TEST(Registry, ASegmentWhoseProcessIsGoneIsSweptUnlessACollectorReadsIt) {
  // The start time is not this process's, so whoever made it is gone.
  auto stale = Segment::create(getpid(), 1, intake_testing::small_geometry(), {});
  ASSERT_TRUE(stale);
  stale->header().ready.store(1);
  sweep_stale_segments();
  EXPECT_TRUE(Segment::open(stale->name())) << "this process is in charge of it";
  release_charge(*stale);
  sweep_stale_segments();
  EXPECT_FALSE(Segment::open(stale->name()));
}

TEST(Registry, ParsesOnlyItsOwnNames) {
  SegmentName name;
  ASSERT_TRUE(parse_segment_name("memwatch.1000.4711.99887766.0123456789abcdef", &name));
  EXPECT_EQ(name.name, "memwatch.1000.4711.99887766.0123456789abcdef");
  EXPECT_EQ(name.uid, 1000U);
  EXPECT_EQ(name.pid, 4711);
  EXPECT_EQ(name.start_time, 99887766U);
  for (const char* foreign : {"",
                              "memwatch",
                              "memwatch.",
                              "memwatch.1",
                              "memwatch.1.2",
                              "memwatch.1.2.3",
                              "memwatch.1.2.3.",
                              "memwatch.1.2.3.0123456789abcde",
                              "memwatch.1.2.3.0123456789abcdef0",
                              "memwatch.1.2.3.0123456789ABCDEF",
                              "memwatch.1.2.3.0123456789abcdeg",
                              "memwatch.1.0.3.0123456789abcdef",
                              "memwatch.1.-2.3.0123456789abcdef",
                              "memwatch.-1.2.3.0123456789abcdef",
                              "memwatch.1.2.3x.0123456789abcdef",
                              "memwatch. 1.2.3.0123456789abcdef",
                              "memwatch..2.3.0123456789abcdef",
                              "memwatch.99999999999.2.3.0123456789abcdef",
                              "memwatch.1.99999999999.3.0123456789abcdef",
                              "memwatch.1.2.99999999999999999999999.0123456789abcdef",
                              "xmemwatch.1.2.3.0123456789abcdef",
                              "memwatch.1.2.3.4.0123456789abcdef",
                              "sem.memwatch.1.2.3.0123456789abcdef"}) {
    EXPECT_FALSE(parse_segment_name(foreign, &name)) << foreign;
  }
}

}  // namespace
}  // namespace memwatch::intake
