// Size and time of a session as large as a C++ compiler makes: printed, for people to judge; only
// the contents are asserted, since time on a loaded machine proves nothing.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <random>

#include "collector/capture/session_reader.h"
#include "collector/capture/session_writer.h"
#include "tests/unit/capture/files.h"

namespace memwatch::capture {
namespace {

using capture_testing::TemporaryDirectory;
using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Shaped like a real recording: stacks are walks in a tree that mostly goes on where the last one
// branched, sizes are skewed, a third of the code addresses have symbols.
model::Session compiler_like_session() {
  constexpr std::uint32_t kNodes = 450'000, kSites = 100'000, kAddresses = 120'000;
  std::independent_bits_engine<std::mt19937, 32, std::uint32_t> random(1);
  model::Session session;
  for (int i = 0; i < 20; ++i) {
    session.modules.push_back({"/usr/lib/libexample" + std::to_string(i) + ".so",
                               "0123456789abcdef0123456789abcdef0123456" + std::to_string(i % 10)});
  }
  for (std::uint32_t i = 1; i < kAddresses; ++i) {
    session.code_addresses.push_back({1 + random() % 20, random() % 30'000'000, false});
  }
  session.symbols.resize(kAddresses);
  for (std::uint32_t i = 1; i < kAddresses; i += 3) {
    const std::string name = "namespace_" + std::to_string(random() % 300) + "::Class" +
                             std::to_string(random() % 3000) + "::method(std::string const&)";
    session.symbols[i].frames.assign(
        1 + random() % 2, {name, "/build/source/file" + std::to_string(random() % 500) + ".cc",
                           random() % 5000, false});
  }
  for (std::uint32_t i = 1; i < kNodes; ++i) {
    session.stacks.push_back(
        {random() % 4 == 0 ? random() % i : i - 1, 1 + random() % (kAddresses - 1)});
  }
  model::Process& process = session.processes.emplace_back();
  for (std::uint32_t i = 0; i < kSites; ++i) {
    const std::uint64_t count = 1 + random() % (1U << (random() % 16));
    const std::uint64_t bytes = count * (16U << (random() % 6));
    process.sites.push_back({1 + random() % (kNodes - 1), count, count / 8, bytes, count / 3,
                             bytes / 3, bytes / 2, bytes / 2, count / 5});
  }
  for (int i = 0; i < 4000; ++i) {
    const std::uint64_t heap = 100'000'000U + random() % 1'000'000;
    process.timeline.push_back({i * 0.1, heap, heap / 64, 0, static_cast<std::uint64_t>(i) * 9000,
                                heap + 4096 * (random() % 100), 0, 300'000'000, 4'000'000,
                                200'000'000, 135'168, 0, static_cast<std::uint64_t>(i) * 20, 0, 0,
                                0, 0});
  }
  return session;
}

TEST(SessionSize, OfAVeryLargeSession) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("large.mw");
  model::Session session = compiler_like_session();
  Result<SessionWriter> writer = SessionWriter::create(path);
  ASSERT_TRUE(writer);

  auto start = Clock::now();
  ASSERT_TRUE(writer->checkpoint(session));
  std::printf("first checkpoint %.0f ms, %.2f MB\n", milliseconds_since(start),
              static_cast<double>(writer->bytes_written()) / 1e6);

  for (std::size_t i = 0; i < session.processes[0].sites.size(); i += 100) {
    session.processes[0].sites[i].live_bytes += 64;
  }
  const std::uint64_t before = writer->bytes_written();
  start = Clock::now();
  ASSERT_TRUE(writer->checkpoint(session));
  std::printf("checkpoint of 1 %% changed sites %.1f ms, %.1f kB\n", milliseconds_since(start),
              static_cast<double>(writer->bytes_written() - before) / 1e3);

  start = Clock::now();
  ASSERT_TRUE(writer->finish(session));
  std::printf("finish %.0f ms\n", milliseconds_since(start));

  start = Clock::now();
  const Result<model::Session> read = read_session(path, nullptr);
  std::printf("read %.0f ms\n", milliseconds_since(start));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->complete);
  EXPECT_EQ(read->stacks.size(), session.stacks.size());
  EXPECT_EQ(read->processes[0].sites.size(), session.processes[0].sites.size());
  EXPECT_EQ(read->processes[0].sites[200].live_bytes, session.processes[0].sites[200].live_bytes);
}

}  // namespace
}  // namespace memwatch::capture
