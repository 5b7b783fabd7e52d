#include "tools/render/background_output.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace memwatch::render {
namespace {

// Falls behind, as a disk does.
class SlowOutput : public Output {
 public:
  void write(std::string_view text) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    text_ += text;
  }
  std::string text_;
};

TEST(BackgroundOutput, EverythingArrivesInOrderHoweverSlowTheOther) {
  SlowOutput slow;
  std::string expected;
  {
    BackgroundOutput background(slow);
    for (std::size_t i = 0; i < 300'000; ++i) {
      const std::string line =
          std::to_string(i) + " is a line of some length that fills the pieces\n";
      expected += line;
      background.write(line);
    }
    background.finish();
    EXPECT_EQ(slow.text_.size(), expected.size()) << "when it returns, all of it is there";
  }
  EXPECT_TRUE(slow.text_ == expected);
}

TEST(BackgroundOutput, ALargePieceAndNothingAtAll) {
  StringOutput target;
  { BackgroundOutput nothing(target); }
  EXPECT_EQ(target.text(), "");
  const std::string large(std::size_t{5} << 20, 'x');
  {
    BackgroundOutput background(target);
    background.write("a");
    background.write(large);
    background.write("z");
  }  // the destructor is enough
  EXPECT_TRUE(target.text() == "a" + large + "z");
}

}  // namespace
}  // namespace memwatch::render
