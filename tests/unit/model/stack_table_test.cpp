#include "collector/model/stack_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>

namespace memwatch::model {
namespace {

TEST(StackTable, ModulesAreOnePerPathAndBuildId) {
  Session session;
  StackTable table(session);
  const ModuleId first = table.module("/lib/a.so", "01");
  EXPECT_NE(first, kNone);
  EXPECT_EQ(table.module("/lib/a.so", "01"), first);
  EXPECT_NE(table.module("/lib/a.so", "02"), first);
  EXPECT_NE(table.module("/lib/b.so", "01"), first);
  EXPECT_EQ(session.modules.size(), 4U);
  EXPECT_EQ(session.modules[first].path, "/lib/a.so");
  EXPECT_EQ(session.modules[first].build_id, "01");
}

TEST(StackTable, AddressesDifferByModuleOffsetAndExactness) {
  Session session;
  StackTable table(session);
  const CodeAddressId id = table.address({1, 0x10, false});
  EXPECT_NE(id, kNone);
  EXPECT_EQ(table.address({1, 0x10, false}), id);
  EXPECT_NE(table.address({1, 0x10, true}), id);
  EXPECT_NE(table.address({2, 0x10, false}), id);
  EXPECT_NE(table.address({1, 0x11, false}), id);
  EXPECT_TRUE(session.code_addresses[table.address({1, 0x10, true})].exact);
}

TEST(StackTable, TheSameFrameUnderAnotherParentIsAnotherStack) {
  Session session;
  StackTable table(session);
  const CodeAddressId f = table.address({1, 1, false});
  const CodeAddressId g = table.address({1, 2, false});
  const StackId outer = table.stack(kNone, f);
  const StackId inner = table.stack(outer, g);
  EXPECT_NE(outer, kNone);
  EXPECT_EQ(table.stack(outer, g), inner);
  EXPECT_NE(table.stack(kNone, g), inner);
  EXPECT_EQ(session.stacks[inner].parent, outer);
  EXPECT_EQ(session.stacks[inner].address, g);
}

TEST(StackTable, TheMarkOfACutOffStackIsAStackOfItsOwn) {
  Session session;
  StackTable table(session);
  const StackId mark = table.stack(kNone, kNone);
  EXPECT_NE(mark, kNone);
  EXPECT_EQ(table.stack(kNone, kNone), mark);
  EXPECT_EQ(session.stacks[mark].address, kNone);
}

TEST(StackTable, InternsTheSameThroughEveryGrowthOfItsIndex) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    std::mt19937_64 random(seed);
    Session session;
    StackTable table(session);
    std::map<std::tuple<ModuleId, std::uint64_t, bool>, CodeAddressId> addresses;
    std::map<std::pair<StackId, CodeAddressId>, StackId> stacks;
    for (unsigned i = 0; i < 50'000; ++i) {
      // Offsets that differ only in their high or only in their low bits.
      const std::uint64_t offset = seed % 2 == 0 ? random() % 20'000 : (random() % 20'000) << 20;
      const CodeAddress address{static_cast<ModuleId>(random() % 3), offset, random() % 8 == 0};
      const CodeAddressId id = table.address(address);
      const auto [known, fresh] =
          addresses.try_emplace({address.module, address.offset, address.exact}, id);
      ASSERT_EQ(known->second, id);
      if (fresh) {
        ASSERT_EQ(id, session.code_addresses.size() - 1);
      }
      const auto parent = static_cast<StackId>(random() % session.stacks.size());
      const StackId stack = table.stack(parent, id);
      ASSERT_EQ(stacks.try_emplace({parent, id}, stack).first->second, stack);
      ASSERT_LT(session.stacks[stack].parent, stack);
    }
    EXPECT_EQ(session.code_addresses.size(), addresses.size() + 1);
    EXPECT_EQ(session.stacks.size(), stacks.size() + 1);
  }
}

}  // namespace
}  // namespace memwatch::model
