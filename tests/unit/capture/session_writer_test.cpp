#include "collector/capture/session_writer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>

#include "collector/capture/session_reader.h"
#include "tests/unit/capture/dump_session.h"
#include "tests/unit/capture/files.h"
#include "tests/unit/capture/random_session.h"

namespace memwatch::capture {
namespace {

using namespace capture_testing;

std::string dump_of_file(const std::string& path) {
  const Result<model::Session> session = read_session(path, nullptr);
  return session ? dump(*session) : session.error().to_line();
}

std::string dump_unfinished(model::Session session) {
  session.complete = false;
  return dump(session);
}

SessionWriter create(const std::string& path) {
  Result<SessionWriter> writer = SessionWriter::create(path);
  EXPECT_TRUE(writer.has_value());
  return std::move(*writer);
}

TEST(SessionWriter, EveryFieldComesBackAfterEveryOfManyCheckpoints) {
  const TemporaryDirectory directory;
  for (std::uint32_t seed = 0; seed < 12; ++seed) {
    const std::string path = directory.path("s.mw");
    SessionWriter writer = create(path);
    RandomSession random(seed, 1 + 2 * seed);
    model::Session session;
    for (int checkpoint = 0; checkpoint < 12; ++checkpoint) {
      random.step(session);
      ASSERT_TRUE(writer.checkpoint(session));
      ASSERT_EQ(dump_of_file(path), dump_unfinished(session)) << seed << " " << checkpoint;
      ASSERT_EQ(writer.bytes_written(), read_file(path).size());
    }
    random.step(session);
    ASSERT_TRUE(writer.finish(session));
    ASSERT_EQ(dump_of_file(path), dump(session));
  }
}

TEST(SessionWriter, AFinishedSessionIsCompleteAndReadsWithoutWarnings) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.mw");
  SessionWriter writer = create(path);
  ASSERT_TRUE(writer.finish(model::Session{}));
  std::vector<std::string> warnings;
  const Result<model::Session> session = read_session(path, &warnings);
  ASSERT_TRUE(session);
  EXPECT_TRUE(session->complete);
  EXPECT_TRUE(warnings.empty());
  EXPECT_FALSE(writer.checkpoint(model::Session{}));
}

TEST(SessionWriter, AnUnfinishedSessionIsIncompleteAndSaysSo) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.mw");
  SessionWriter writer = create(path);
  ASSERT_TRUE(writer.checkpoint(model::Session{}));
  std::vector<std::string> warnings;
  const Result<model::Session> session = read_session(path, &warnings);
  ASSERT_TRUE(session);
  EXPECT_FALSE(session->complete);
  EXPECT_EQ(warnings.size(), 1U);
}

TEST(SessionWriter, ACheckpointWithoutChangesWritesNothing) {
  const TemporaryDirectory directory;
  SessionWriter writer = create(directory.path("s.mw"));
  model::Session session;
  RandomSession(1, 20).step(session);
  ASSERT_TRUE(writer.checkpoint(session));
  const std::uint64_t before = writer.bytes_written();
  ASSERT_TRUE(writer.checkpoint(session));
  EXPECT_EQ(writer.bytes_written(), before);
}

TEST(SessionWriter, OneChangedSiteCostsLittle) {
  const TemporaryDirectory directory;
  SessionWriter writer = create(directory.path("s.mw"));
  model::Session session;
  RandomSession(1, 2000).step(session);
  ASSERT_TRUE(writer.checkpoint(session));
  const std::uint64_t before = writer.bytes_written();
  session.processes[0].sites[1234].live_bytes += 1;
  ASSERT_TRUE(writer.checkpoint(session));
  EXPECT_LT(writer.bytes_written() - before, 300U);
}

TEST(SessionWriter, TheFileStaysBoundedOverManyCheckpoints) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.mw");
  SessionWriter writer = create(path);
  model::Session session;
  RandomSession random(3, 3000);
  random.step(session);
  ASSERT_TRUE(writer.checkpoint(session));
  const std::uint64_t once = writer.bytes_written();
  std::uint64_t largest = 0;
  for (std::uint64_t i = 0; i < 60; ++i) {
    for (model::Site& site : session.processes[0].sites) site.allocations = i * 1'000'003;
    for (model::TimelineSample& sample : session.processes[0].timeline) {
      sample.rss += 4096 * (i % 7);
    }
    ASSERT_TRUE(writer.checkpoint(session));
    largest = std::max(largest, writer.bytes_written());
  }
  EXPECT_LT(largest, 4 * once + (2U << 20));
  EXPECT_EQ(dump_of_file(path), dump_unfinished(session));
  EXPECT_EQ(directory.entries(), 1U) << "the temporary file of compaction is gone";
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST(SessionWriter, SymbolsThatArriveLateOrChangeAreInTheFinishedFile) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.mw");
  SessionWriter writer = create(path);
  model::Session session;
  session.code_addresses.resize(4);
  ASSERT_TRUE(writer.checkpoint(session));
  session.symbols.resize(4);
  session.symbols[2].frames = {{"f", "f.cpp", 1, true}, {"g", "f.cpp", 2, false}};
  ASSERT_TRUE(writer.checkpoint(session));
  EXPECT_EQ(dump_of_file(path), dump_unfinished(session));
  session.symbols[2].frames[0].function = "better";
  ASSERT_TRUE(writer.finish(session));
  EXPECT_EQ(dump_of_file(path), dump(session));
}

TEST(SessionWriter, TablesThatWereRebuiltSmallerAreWrittenAsANewSnapshot) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.mw");
  SessionWriter writer = create(path);
  model::Session large, small;
  RandomSession(1, 50).step(large);
  RandomSession(2, 10).step(small);
  ASSERT_TRUE(writer.checkpoint(large));
  ASSERT_TRUE(writer.checkpoint(small));
  EXPECT_EQ(dump_of_file(path), dump_unfinished(small));
}

TEST(SessionWriter, RowsThatReferToNothingAreStoredAsNone) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.mw");
  SessionWriter writer = create(path);
  model::Session session;
  session.stacks.push_back({1, 9});  // its own parent; an address that does not exist
  session.processes.resize(1);
  session.processes[0].sites.push_back({.stack = 77, .allocations = 5});
  session.processes[0].duration = std::nan("");
  ASSERT_TRUE(writer.checkpoint(session));
  const Result<model::Session> read = read_session(path, nullptr);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->stacks.at(1).parent, model::kNone);
  EXPECT_EQ(read->stacks.at(1).address, model::kNone);
  EXPECT_EQ(read->processes.at(0).sites.at(0).stack, model::kNone);
  EXPECT_EQ(read->processes.at(0).sites.at(0).allocations, 5U);
  EXPECT_EQ(read->processes.at(0).duration, 0.0);

  session.stacks.resize(100);  // the site's stack exists now
  ASSERT_TRUE(writer.checkpoint(session));
  EXPECT_EQ(read_session(path, nullptr)->processes.at(0).sites.at(0).stack, 77U);
}

TEST(SessionWriter, HugeStringsAreCutInsteadOfMakingTheFileUnreadable) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.mw");
  SessionWriter writer = create(path);
  model::Session session;
  session.code_addresses.resize(3);
  session.symbols.resize(3);
  for (std::size_t i = 0; i < 300; ++i) {
    session.symbols[2].frames.push_back({std::string(200'000, static_cast<char>(i)), "", 1, true});
  }
  session.processes.resize(1);
  session.processes[0].exe = std::string(30'000'000, 'x');
  session.processes[0].command.assign(40'000, std::string(1000, 'y'));
  session.processes[0].threads.push_back({1, std::string(5000, 'z'), 1, 2, 3, 4, 5, 6, 7});
  ASSERT_TRUE(writer.finish(session));
  const Result<model::Session> read = read_session(path, nullptr);
  ASSERT_TRUE(read) << read.error().to_line();
  EXPECT_TRUE(read->complete);
  EXPECT_EQ(read->processes.at(0).exe.size(), 131072U);
  EXPECT_GT(read->processes.at(0).command.size(), 6000U);
  EXPECT_EQ(read->symbols.at(2).frames.size(), 256U);
}

TEST(SessionWriter, TwoRecordersCannotWriteOneFile) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.mw");
  SessionWriter writer = create(path);
  ASSERT_TRUE(writer.checkpoint(model::Session{}));
  const Result<SessionWriter> second = SessionWriter::create(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().why, "another memwatch is writing this file");
  EXPECT_TRUE(read_session(path, nullptr)) << "and the first one's file is untouched";
}

TEST(SessionWriter, AFileThatWasRemovedIsNotBroughtBack) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.mw");
  SessionWriter writer = create(path);
  model::Session session;
  RandomSession random(3, 3000);
  random.step(session);
  ASSERT_TRUE(writer.checkpoint(session));
  ASSERT_EQ(::unlink(path.c_str()), 0);
  for (int i = 0; i < 6; ++i) {
    random.step(session);
    ASSERT_TRUE(writer.checkpoint(session));
  }
  EXPECT_EQ(directory.entries(), 0U);
}

TEST(SessionWriter, DevNullTakesASessionAndStaysADevice) {
  SessionWriter writer = create("/dev/null");
  model::Session session;
  RandomSession random(3, 3000);
  for (int i = 0; i < 4; ++i) {
    random.step(session);
    ASSERT_TRUE(writer.checkpoint(session));
  }
  ASSERT_TRUE(writer.finish(session));
  struct stat status {};
  ASSERT_EQ(::stat("/dev/null", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
}

TEST(SessionWriter, AFifoOrADirectoryIsRefusedAtOnce) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo(directory.path("fifo").c_str(), 0600), 0);
  EXPECT_FALSE(SessionWriter::create(directory.path("fifo")));
  EXPECT_FALSE(SessionWriter::create(directory.path(".")));
  EXPECT_FALSE(SessionWriter::create(directory.path("missing/s.mw")));
}

}  // namespace
}  // namespace memwatch::capture
