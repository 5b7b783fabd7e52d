// What a full disk does to a recording: simulated with a file size limit.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "collector/capture/session_reader.h"
#include "collector/capture/session_writer.h"
#include "tests/unit/capture/dump_session.h"
#include "tests/unit/capture/files.h"
#include "tests/unit/capture/random_session.h"

namespace memwatch::capture {
namespace {

using namespace capture_testing;

class FileSizeLimit {
 public:
  FileSizeLimit() : handler_(std::signal(SIGXFSZ, SIG_IGN)) { ::getrlimit(RLIMIT_FSIZE, &old_); }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  void set(std::uint64_t bytes) const {
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  void lift() const { ::setrlimit(RLIMIT_FSIZE, &old_); }

 private:
  void (*handler_)(int);
  rlimit old_{};
};

TEST(WriteFailure, AFullDiskKeepsTheLastCheckpointAndRecordingGoesOnWhenSpaceReturns) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.mw");
  Result<SessionWriter> writer = SessionWriter::create(path);
  ASSERT_TRUE(writer);
  RandomSession random(5, 100);
  model::Session session;
  random.step(session);
  ASSERT_TRUE(writer->checkpoint(session));
  model::Session before = session;
  before.complete = false;
  const std::uint64_t committed = writer->bytes_written();

  const FileSizeLimit limit;
  limit.set(committed + 1000);
  random.step(session);
  const Result<void> failed = writer->checkpoint(session);
  random.step(session);
  const Result<void> again = writer->checkpoint(session);
  const Result<void> end = writer->finish(session);
  limit.lift();

  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().why, "File too large");
  EXPECT_TRUE(again) << "the same trouble is not reported twice";
  EXPECT_FALSE(end) << "but the end never lies";
  EXPECT_EQ(read_file(path).size(), committed);
  EXPECT_EQ(dump(*read_session(path, nullptr)), dump(before));

  ASSERT_TRUE(writer->finish(session));
  EXPECT_EQ(dump(*read_session(path, nullptr)), dump(session));
}

TEST(WriteFailure, WithoutRoomForACompactedCopyTheFileIsContinued) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.mw");
  Result<SessionWriter> writer = SessionWriter::create(path);
  ASSERT_TRUE(writer);
  model::Session session;
  RandomSession(6, 3000).step(session);
  ASSERT_TRUE(writer->checkpoint(session));
  // A directory in the copy's place: the copy can be neither created nor the obstacle unlinked.
  ASSERT_EQ(::mkdir(directory.path("s.mw.new").c_str(), 0700), 0);
  for (std::uint64_t i = 0; i < 60; ++i) {
    for (model::Site& site : session.processes[0].sites) site.allocations = i * 1'000'003;
    ASSERT_TRUE(writer->checkpoint(session));
  }
  ASSERT_TRUE(writer->finish(session));
  EXPECT_EQ(dump(*read_session(path, nullptr)), dump(session));
}

TEST(WriteFailure, ADiskThatIsFullFromTheStartIsAnErrorOfCreate) {
  const TemporaryDirectory directory;
  const FileSizeLimit limit;
  limit.set(0);
  const Result<SessionWriter> writer = SessionWriter::create(directory.path("s.mw"));
  limit.lift();
  EXPECT_FALSE(writer);
}

}  // namespace
}  // namespace memwatch::capture
