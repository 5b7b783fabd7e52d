#include "tools/cli/color.h"

#include <gtest/gtest.h>

namespace memwatch::cli {
namespace {

TEST(Color, AutoFollowsTheTerminal) {
  EXPECT_TRUE(decide_color({.term = "xterm", .is_terminal = true}));
  EXPECT_FALSE(decide_color({.term = "xterm", .is_terminal = false}));
  EXPECT_FALSE(decide_color({.term = "dumb", .is_terminal = true}));
}

TEST(Color, TheOptionBeatsTheEnvironment) {
  EXPECT_TRUE(decide_color({.when = "always", .no_color = "1", .term = "dumb"}));
  EXPECT_FALSE(decide_color({.when = "never", .clicolor_force = "1", .is_terminal = true}));
}

TEST(Color, NoColorBeatsForceAndForceBeatsPipes) {
  EXPECT_FALSE(decide_color({.no_color = "1", .clicolor_force = "1", .is_terminal = true}));
  EXPECT_TRUE(decide_color({.clicolor_force = "1"}));
  EXPECT_FALSE(decide_color({.clicolor_force = "0"}));
}

}  // namespace
}  // namespace memwatch::cli
