// The recorder attached to a segment that a test writes: a sleeping child process stands for the
// target, its events are made up here.
#include "collector/recording/recorder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include "collector/intake/segment.h"
#include "collector/procfs/process_identity.h"
#include "tests/unit/intake/segment_builder.h"

namespace memwatch::recording {
namespace {

class Recording : public testing::Test {
 protected:
  void SetUp() override {
    child_ = fork();
    if (child_ == 0) {
      pause();
      _exit(0);
    }
    const std::uint64_t start = procfs::process_start_ticks(child_).value_or(0U);
    auto made = intake::Segment::create(child_, start, intake_testing::small_geometry(), {});
    ASSERT_TRUE(made) << made.error().to_line();
    segment_.emplace(*std::move(made));
    intake::release_charge(*segment_);
    segment_->header().control.store(static_cast<std::uint32_t>(protocol::Control::idle));
    segment_->header().ready.store(1);
    name_ = {segment_->name(), geteuid(), child_, start};
    auto recorder = Recorder::create({});
    ASSERT_TRUE(recorder) << recorder.error().to_line();
    recorder_ = *std::move(recorder);
  }
  void TearDown() override {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    if (segment_) segment_->remove();
  }
  // A thread's first record, and one block.
  void write_events() {
    const protocol::Geometry& geometry = segment_->geometry();
    auto* slot = segment_->at<protocol::ThreadSlot>(geometry.slots_offset);
    auto* ring = segment_->at<protocol::Slot>(geometry.rings_offset);
    slot->owner_tid.store(static_cast<std::uint32_t>(child_));
    ring[0] = {protocol::encode_extended_header(protocol::RecordType::thread, 3),
               static_cast<std::uint64_t>(child_)};
    ring[1] = {0, 0x6b726f77};
    ring[2] = {0, 0};
    ring[3] = protocol::encode_short(Function::malloc_, 0x1000, 100, 0, 0);
    segment_->header().slots_used.store(1);
    slot->published.store(4, std::memory_order_release);
  }

  pid_t child_ = -1;
  std::optional<intake::Segment> segment_;
  intake::SegmentName name_;
  std::unique_ptr<Recorder> recorder_;
};

TEST_F(Recording, AttachesReadsAndLetsGo) {
  ASSERT_TRUE(recorder_->attach(name_));
  EXPECT_EQ(segment_->header().control.load(),
            static_cast<std::uint32_t>(protocol::Control::exact));
  EXPECT_EQ(intake::collector_in_charge(*segment_), static_cast<std::uint32_t>(getpid()));
  EXPECT_EQ(recorder_->living_processes(), 1U);
  write_events();
  recorder_->turn();
  EXPECT_EQ(segment_->header().live_bytes.load(), 100U);
  recorder_->stop();
  EXPECT_EQ(recorder_->living_processes(), 0U);
  EXPECT_EQ(segment_->header().control.load(), static_cast<std::uint32_t>(protocol::Control::idle));
  EXPECT_EQ(intake::collector_in_charge(*segment_), 0U);
  ASSERT_EQ(recorder_->session().processes.size(), 1U);
  const model::Process& process = recorder_->session().processes[0];
  EXPECT_EQ(process.exit_kind, model::ExitKind::running);
  EXPECT_EQ(process.totals.allocations, 1U);
  EXPECT_EQ(process.heap.peak_bytes, 100U);
  EXPECT_EQ(process.pid, static_cast<std::uint32_t>(child_));
  EXPECT_FALSE(process.notes.empty());
}

TEST_F(Recording, ASecondCollectorIsTurnedAway) {
  ASSERT_TRUE(recorder_->attach(name_));
  auto other = Recorder::create({});
  ASSERT_TRUE(other);
  const Result<void> refused = (*other)->attach(name_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().why.find(std::to_string(getpid())), std::string::npos);
  EXPECT_EQ((*other)->recorded_processes(), 0U);
}

TEST_F(Recording, ASegmentThatIsGoneIsAnErrorNotARecord) {
  segment_->remove();
  EXPECT_FALSE(recorder_->attach(name_));
  EXPECT_EQ(recorder_->recorded_processes(), 0U);
}

TEST_F(Recording, AProcessWhosePidIsAnothersByNowIsNotAttachedTo) {
  name_.start_time -= 1;
  const Result<void> refused = recorder_->attach(name_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, "it has ended");
  EXPECT_EQ(recorder_->recorded_processes(), 0U);
  EXPECT_EQ(intake::collector_in_charge(*segment_), 0U);
}

TEST_F(Recording, TheEndOfAProcessIsNoticedWithItsLastRecords) {
  ASSERT_TRUE(recorder_->attach(name_));
  write_events();
  kill(child_, SIGKILL);
  int status = 0;
  waitpid(child_, &status, 0);
  const pid_t ended = std::exchange(child_, -1);
  recorder_->turn();
  recorder_->child_ended(ended, status, 1ULL << 40);
  EXPECT_EQ(recorder_->living_processes(), 0U);
  EXPECT_FALSE(intake::Segment::open(name_.name)) << "the segment's name outlived its process";
  recorder_->stop();
  const model::Process& process = recorder_->session().processes[0];
  EXPECT_EQ(process.exit_kind, model::ExitKind::signaled);
  EXPECT_EQ(process.exit_signal, SIGKILL);
  EXPECT_EQ(process.totals.allocations, 1U);
  EXPECT_EQ(process.rss.peak, 1ULL << 40);
}

TEST_F(Recording, ChildrenThatCountThemselvesAreToldWithTheirReasons) {
  auto& children = segment_->header().children_unrecorded;
  children[static_cast<std::size_t>(protocol::Unrecorded::sandbox)].store(5);  // before it began
  ASSERT_TRUE(recorder_->attach(name_));
  children[static_cast<std::size_t>(protocol::Unrecorded::sandbox)].fetch_add(1);
  children[static_cast<std::size_t>(protocol::Unrecorded::no_descriptor)].fetch_add(2);
  recorder_->settle();
  EXPECT_EQ(recorder_->first_process().losses.children_unrecorded, 3U);
  recorder_->stop();
  const model::Process& process = recorder_->session().processes[0];
  EXPECT_EQ(process.losses.children_unrecorded, 3U);
  EXPECT_TRUE(process.losses.exact) << "nothing of its own was lost";
  EXPECT_FALSE(process.losses.nothing_lost());
  ASSERT_EQ(process.notes.size(), 3U);  // that it was attached, and two reasons
  EXPECT_TRUE(process.notes[1].starts_with("1 child ran unrecorded")) << process.notes[1];
  EXPECT_NE(process.notes[1].find("seccomp"), std::string::npos);
  EXPECT_TRUE(process.notes[2].starts_with("2 children ran unrecorded")) << process.notes[2];
  EXPECT_NE(process.notes[2].find("descriptor"), std::string::npos);
}

TEST_F(Recording, AnAttachThatBringsNoNewsOfChildrenIsSilent) {
  segment_->header().children_unrecorded[0].store(5);
  ASSERT_TRUE(recorder_->attach(name_));
  recorder_->stop();
  const model::Process& process = recorder_->session().processes[0];
  EXPECT_TRUE(process.losses.nothing_lost());
  EXPECT_EQ(process.notes.size(), 1U);
}

// A parent that ends at once, as daemons do.
TEST_F(Recording, AChildMayCountItselfAfterItsParentsEnd) {
  ASSERT_TRUE(recorder_->attach(name_));
  write_events();
  auto* slot = segment_->at<protocol::ThreadSlot>(segment_->geometry().slots_offset);
  auto* ring = segment_->at<protocol::Slot>(segment_->geometry().rings_offset);
  ring[4] = {protocol::encode_extended_header(protocol::RecordType::fork, 1), 1};
  slot->published.store(5, std::memory_order_release);
  kill(child_, SIGKILL);
  int status = 0;
  waitpid(child_, &status, 0);
  recorder_->child_ended(std::exchange(child_, -1), status, 0);
  EXPECT_EQ(recorder_->living_processes(), 0U);
  segment_->header().children_unrecorded[1].fetch_add(1);
  recorder_->await_children();
  recorder_->stop();
  const model::Process& process = recorder_->session().processes[0];
  EXPECT_EQ(process.losses.children_unrecorded, 1U);
  EXPECT_NE(process.notes.back().find("another user"), std::string::npos) << process.notes.back();
}

TEST_F(Recording, StoppingTwiceIsStoppingOnce) {
  ASSERT_TRUE(recorder_->attach(name_));
  recorder_->stop();
  recorder_->stop();
  EXPECT_EQ(recorder_->session().processes.size(), 1U);
}

TEST(Recorder, NobodyCameIsAnEmptySession) {
  auto recorder = Recorder::create({});
  ASSERT_TRUE(recorder);
  EXPECT_FALSE((*recorder)->rendezvous_path().empty());
  (*recorder)->turn();
  (*recorder)->stop();
  EXPECT_TRUE((*recorder)->session().processes.empty());
  EXPECT_EQ((*recorder)->session().memwatch_version, MEMWATCH_VERSION);
}

}  // namespace
}  // namespace memwatch::recording
