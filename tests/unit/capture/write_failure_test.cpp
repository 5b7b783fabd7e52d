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
  std::vector<std::string> warnings;
  Result<model::Session> read = read_session(path, &warnings);
  ASSERT_TRUE(read);
  EXPECT_EQ(dump(*read), dump(before));
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(
      warnings[0],
      "the session has no end: its recorder could not write on (File too large); what follows "
      "is its last checkpoint");
  EXPECT_LT(read_file(path).size(), committed + 128) << "that much for saying why";

  ASSERT_TRUE(writer->finish(session));
  warnings.clear();
  read = read_session(path, &warnings);
  EXPECT_EQ(dump(*read), dump(session));
  EXPECT_TRUE(warnings.empty()) << "what said why is written over: " << warnings[0];
}

TEST(WriteFailure, WhereNotEvenTheReasonFitsTheReaderNamesEveryCause) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.mw");
  Result<SessionWriter> writer = SessionWriter::create(path);
  ASSERT_TRUE(writer);
  RandomSession random(5, 100);
  model::Session session;
  random.step(session);
  ASSERT_TRUE(writer->checkpoint(session));
  const std::uint64_t committed = writer->bytes_written();

  const FileSizeLimit limit;
  limit.set(committed + 20);
  random.step(session);
  const Result<void> failed = writer->finish(session);
  limit.lift();

  ASSERT_FALSE(failed);
  EXPECT_EQ(read_file(path).size(), committed);
  std::vector<std::string> warnings;
  const Result<model::Session> read = read_session(path, &warnings);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->complete);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("was killed, found no room to write on (a full disk) or is still"),
            std::string::npos)
      << warnings[0];
}

TEST(WriteFailure, ADiskWithoutRoomForTheFirstCheckpointLeavesAFileThatSaysSo) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.mw");
  Result<SessionWriter> writer = SessionWriter::create(path);
  ASSERT_TRUE(writer);
  const FileSizeLimit limit;
  limit.set(writer->bytes_written() + 128);
  model::Session session;
  RandomSession(5, 100).step(session);
  EXPECT_FALSE(writer->checkpoint(session));
  limit.lift();
  const Result<model::Session> read = read_session(path, nullptr);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::damaged);
  EXPECT_EQ(read.error().why,
            "nothing is in it: its recorder could not write to it: File too large");
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
