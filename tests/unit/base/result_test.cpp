#include "collector/base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace memwatch {
namespace {

TEST(Error, OneLineSaysWhatOnWhatWhyAndTheRemedy) {
  const Error error{ErrorKind::usage, "open the session", "/tmp/a.mw", "it is empty",
                    "record again"};
  EXPECT_EQ(error.to_line(), "open the session: /tmp/a.mw: it is empty (record again)");
}

TEST(Error, LeavesOutWhatIsNotThere) {
  EXPECT_EQ((Error{ErrorKind::usage, "read options", {}, "one is missing", {}}).to_line(),
            "read options: one is missing");
  EXPECT_EQ((Error{ErrorKind::usage, {}, {}, "nothing else is known", {}}).to_line(),
            "nothing else is known");
}

TEST(Error, OfTheSystemCarriesTheErrnoItWasGiven) {
  errno = 0;
  const Error error = system_error("open", "/nowhere", ENOENT);
  EXPECT_EQ(error.kind, ErrorKind::system);
  EXPECT_EQ(error.to_line(), "open: /nowhere: No such file or directory");
}

TEST(Result, HoldsAValueOrAnError) {
  Result<int> good = 7;
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 7);
  *good = 8;
  EXPECT_EQ(good.value(), 8);
  const Result<int> bad = Error{ErrorKind::not_found, "find", "x", "gone", {}};
  EXPECT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().kind, ErrorKind::not_found);
}

TEST(Result, GivesUpAValueThatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  EXPECT_EQ(**result, 3);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 3);
}

TEST(Result, OfNothingIsSuccessUnlessAnErrorIsSaid) {
  const Result<void> done;
  EXPECT_TRUE(done);
  const Result<void> failed = Error{ErrorKind::damaged, "read", "f", "cut off", {}};
  EXPECT_FALSE(failed);
  EXPECT_EQ(failed.error().why, "cut off");
}

}  // namespace
}  // namespace memwatch
