// Compares text with tests/unit/render/golden/NAME.txt, whole. To accept new text on purpose, run
// the test with MEMWATCH_UPDATE_GOLDEN=1 and review the difference.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace memwatch::testing {

inline void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(MEMWATCH_GOLDEN_DIRECTORY) + "/" + name + ".txt";
  if (std::getenv("MEMWATCH_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << text;
    return;
  }
  std::ifstream file(path);
  ASSERT_TRUE(file.good()) << path;
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(text, expected.str()) << path;
}

}  // namespace memwatch::testing
