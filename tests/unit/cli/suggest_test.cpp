#include "tools/cli/suggest.h"

#include <gtest/gtest.h>

namespace memwatch::cli {
namespace {

TEST(Suggest, DistanceCountsSwapsAsOne) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("report", "report"), 0U);
  EXPECT_EQ(edit_distance("reprot", "report"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance(std::string(100000, 'a'), std::string(100000, 'b')), 64U);
}

TEST(Suggest, OnlyWhatIsNearEnoughIsMeant) {
  const std::vector<std::string> commands = {"run", "report", "doctor", "version"};
  EXPECT_EQ(nearest("reprot", commands), "report");
  EXPECT_EQ(nearest("rnu", commands), "run");
  EXPECT_EQ(nearest("doc", commands), "doctor");
  EXPECT_EQ(nearest("versoin", commands), "version");
  EXPECT_EQ(nearest("elephant", commands), std::nullopt);
  EXPECT_EQ(nearest("", commands), std::nullopt);
}

}  // namespace
}  // namespace memwatch::cli
