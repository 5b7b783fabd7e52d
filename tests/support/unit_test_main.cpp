// The main of every unit test: GoogleTest's, and with MEMWATCH_NO_SKIPS set (in CI, where
// everything is installed) a test that was skipped has failed. A test that never ran looks like one
// that passed, so only what no installation could change is allowed to be skipped, and each says
// why.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace {

struct AllowedSkip {
  std::string_view reason;  // what the message of the skip begins with
  std::string_view why;
};

constexpr AllowedSkip kAllowedSkips[] = {
    {"it is fences that order this", "ThreadSanitizer knows none; the other builds run it"},
    {"a sanitizer's own memory", "the other builds run it"},
    {"not for this processor", "twins are for x86-64 alone"},
    {"there are no twins on this processor", "the same"},
    {"no ptrace here", "a container may forbid it"},
    {"no cgroup of ours is mounted here", "a container may hide them"},
};

bool is_allowed(std::string_view message) {
  return std::any_of(
      std::begin(kAllowedSkips), std::end(kAllowedSkips),
      [message](const AllowedSkip& allowed) { return message.starts_with(allowed.reason); });
}

class SkipsAreFailures : public testing::EmptyTestEventListener {
  // The end of a test still belongs to it: a failure here is one of the test.
  void OnTestEnd(const testing::TestInfo& test) override {
    const testing::TestResult& result = *test.result();
    for (int i = 0; i < result.total_part_count(); ++i) {
      const testing::TestPartResult& part = result.GetTestPartResult(i);
      if (!part.skipped() || is_allowed(part.message())) continue;
      ADD_FAILURE() << "with MEMWATCH_NO_SKIPS a test has to run: " << part.message();
      return;
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (std::getenv("MEMWATCH_NO_SKIPS") != nullptr) {
    testing::UnitTest::GetInstance()->listeners().Append(new SkipsAreFailures);
  }
  return RUN_ALL_TESTS();
}
