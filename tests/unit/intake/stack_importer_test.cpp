#include "collector/intake/stack_importer.h"

#include <gtest/gtest.h>

#include "tests/unit/intake/segment_builder.h"

namespace memwatch::intake {
namespace {

using intake_testing::SegmentBuilder;

class Importer : public testing::Test {
 protected:
  // The frames of a session's stack, innermost first.
  [[nodiscard]] std::vector<model::CodeAddress> frames(model::StackId stack) const {
    std::vector<model::CodeAddress> result;
    for (; stack != model::kNone; stack = session_.stacks[stack].parent) {
      result.push_back(session_.code_addresses[session_.stacks[stack].address]);
    }
    return result;
  }

  model::Session session_;
  model::StackTable table_{session_};
  SegmentBuilder target_;
  Segment segment_{target_.take()};
  StackImporter importer_{segment_, table_, "/usr/bin/program"};
};

TEST_F(Importer, NoStackStaysNoStack) {
  EXPECT_EQ(importer_.import(0), model::kNone);
  EXPECT_EQ(importer_.damaged(), 0U);
}

TEST_F(Importer, AddressesBecomeTheModulesOwn) {
  const std::uint32_t program = target_.add_module(0x400000, 0x500000, 0x400000, "");
  const std::uint32_t library =
      target_.add_module(0x7f0000, 0x7f9000, 0x7f0000, "/lib/libx.so", "\xab\x01");
  const std::uint32_t outer = target_.add_node(0x401234, 0, program);
  const std::uint32_t inner = target_.add_node(0x7f0042 | protocol::kExactPc, outer, library);
  const auto stack = frames(importer_.import(inner));
  ASSERT_EQ(stack.size(), 2U);
  EXPECT_EQ(session_.modules[stack[0].module].path, "/lib/libx.so");
  EXPECT_EQ(session_.modules[stack[0].module].build_id, "ab01");
  EXPECT_EQ(stack[0].offset, 0x42U);
  EXPECT_TRUE(stack[0].exact);
  EXPECT_EQ(session_.modules[stack[1].module].path, "/usr/bin/program");
  EXPECT_EQ(stack[1].offset, 0x1234U);
  EXPECT_FALSE(stack[1].exact);
}

TEST_F(Importer, CodeOfNoModuleKeepsItsAbsoluteAddress) {
  const std::uint32_t node = target_.add_node(0x123456, 0, 0);
  const auto stack = frames(importer_.import(node));
  ASSERT_EQ(stack.size(), 1U);
  EXPECT_EQ(stack[0].module, model::kNone);
  EXPECT_EQ(stack[0].offset, 0x123456U);
}

TEST_F(Importer, AModuleThatIsNotReadyYetIsNotBelieved) {
  const std::uint32_t module = target_.add_module(0x1000, 0x2000, 0x1000, "/lib/half");
  target_.module(module).ready.store(0);
  const auto stack = frames(importer_.import(target_.add_node(0x1800, 0, module)));
  EXPECT_EQ(stack[0].module, model::kNone);
}

TEST_F(Importer, RetiredCodeKeepsItsMeaning) {
  const std::uint32_t live = target_.add_node(0x1800, 0);
  const std::uint32_t retired = target_.add_node(0x1800 | protocol::kRetiredPc, 0);
  EXPECT_EQ(importer_.import(live), importer_.import(retired));
}

TEST_F(Importer, ATruncatedStackEndsInTheMark) {
  target_.node(protocol::kTruncatedNode) = {};
  const std::uint32_t inner = target_.add_node(0x1800, protocol::kTruncatedNode);
  const model::StackId stack = importer_.import(inner);
  const model::StackId mark = session_.stacks[stack].parent;
  EXPECT_NE(mark, model::kNone);
  EXPECT_EQ(session_.stacks[mark].address, model::kNone);
}

TEST_F(Importer, ANodeIsReadOnce) {
  const std::uint32_t node = target_.add_node(0x1800, 0);
  const model::StackId first = importer_.import(node);
  target_.node(node).pc = 0x9999;  // scribbled over later
  EXPECT_EQ(importer_.import(node), first);
  EXPECT_EQ(session_.stacks.size(), 2U);
}

TEST_F(Importer, NodesThatComeLaterAreFound) {
  const std::uint32_t early = target_.add_node(0x1000, 0);
  importer_.import(early);
  std::uint32_t node = early;
  for (std::uint64_t i = 0; i < 2000; ++i) node = target_.add_node(0x2000 + i, node);
  EXPECT_EQ(frames(importer_.import(node)).size(), 2001U);
  EXPECT_EQ(importer_.damaged(), 0U);
}

}  // namespace
}  // namespace memwatch::intake
