// The small look-up tables below the symbolizer, without any ELF file.
#include <gelf.h>
#include <gtest/gtest.h>

#include <random>

#include "collector/symbols/interval_map.h"
#include "collector/symbols/source_path.h"
#include "collector/symbols/symbol_table.h"

namespace memwatch::symbols {
namespace {

TEST(IntervalMap, TheInnermostOfNestedIntervalsWins) {
  IntervalMap<int> map;
  map.add(10, 100, 1);
  map.add(20, 60, 2);
  map.add(30, 40, 3);
  map.add(30, 35, 4);
  map.add(5, 5, 9);
  map.add(9, 3, 9);
  map.seal();
  const auto at = [&](std::uint64_t address) {
    const int* found = map.find(address);
    return found == nullptr ? 0 : *found;
  };
  EXPECT_EQ(at(0), 0);
  EXPECT_EQ(at(9), 0);
  EXPECT_EQ(at(10), 1);
  EXPECT_EQ(at(20), 2);
  EXPECT_EQ(at(30), 4);
  EXPECT_EQ(at(35), 3);
  EXPECT_EQ(at(40), 2);
  EXPECT_EQ(at(60), 1);
  EXPECT_EQ(at(99), 1);
  EXPECT_EQ(at(100), 0);
  EXPECT_EQ(at(~std::uint64_t{0}), 0);
}

TEST(IntervalMap, AnEmptyMapFindsNothing) {
  IntervalMap<int> map;
  EXPECT_EQ(map.find(1), nullptr);
  map.seal();
  EXPECT_EQ(map.find(1), nullptr);
}

TEST(IntervalMap, AgreesWithLookingAtEveryInterval) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    struct Plain {
      std::uint64_t begin, end;
      std::uint32_t rank;
    };
    std::vector<Plain> plain;
    IntervalMap<std::size_t> map;
    for (std::uint32_t i = 0; i < random() % 30; ++i) {
      const std::uint64_t begin = random() % 200;
      plain.push_back({begin, begin + random() % 60, static_cast<std::uint32_t>(random() % 4)});
      map.add(plain[i].begin, plain[i].end, i, plain[i].rank);
    }
    map.seal();
    for (std::uint64_t address = 0; address < 270; ++address) {
      const Plain* best = nullptr;
      for (const Plain& one : plain) {
        if (address < one.begin || address >= one.end) continue;
        if (best == nullptr ||
            std::tie(one.rank, one.begin, best->end) > std::tie(best->rank, best->begin, one.end)) {
          best = &one;
        }
      }
      const std::size_t* found = map.find(address);
      ASSERT_EQ(found == nullptr, best == nullptr) << address;
      if (best == nullptr) continue;
      EXPECT_EQ(std::tie(plain[*found].rank, plain[*found].begin, plain[*found].end),
                std::tie(best->rank, best->begin, best->end));
    }
  }
}

SymbolTable table_of(const std::vector<FunctionSymbol>& symbols) {
  SymbolTable table;
  for (const FunctionSymbol& symbol : symbols) table.add(symbol);
  table.seal({{{0x1000, 0x2000}}});
  return table;
}

std::string_view name_at(const SymbolTable& table, std::uint64_t address) {
  const FunctionSymbol* found = table.find(address);
  return found == nullptr ? std::string_view("none") : found->name;
}

TEST(SymbolTable, AFunctionReachesAsFarAsItsSizeOrTheNextSymbol) {
  const auto table = table_of({{0x1000, 0x10, "sized", STB_GLOBAL},
                               {0x1100, 0, "unsized", STB_GLOBAL},
                               {0x1200, 0x100, "outer", STB_GLOBAL},
                               {0x1240, 0x10, "entry_inside", STB_LOCAL},
                               {0x1400, 0, "last", STB_GLOBAL}});
  EXPECT_EQ(name_at(table, 0xfff), "none");
  EXPECT_EQ(name_at(table, 0x1000), "sized");
  EXPECT_EQ(name_at(table, 0x100f), "sized");
  EXPECT_EQ(name_at(table, 0x1010), "none");
  EXPECT_EQ(name_at(table, 0x11ff), "unsized");
  EXPECT_EQ(name_at(table, 0x1245), "entry_inside");
  EXPECT_EQ(name_at(table, 0x1250), "outer");
  EXPECT_EQ(name_at(table, 0x1300), "none");
  EXPECT_EQ(name_at(table, 0x1fff), "last");
  EXPECT_EQ(name_at(table, 0x2000), "none");
}

TEST(SymbolTable, OfSeveralNamesTheBestKnownIsTaken) {
  const auto table = table_of({{0x1000, 0x10, "__libc_malloc", STB_GLOBAL},
                               {0x1000, 0x10, "malloc", STB_GLOBAL},
                               {0x1000, 0x10, "__malloc", STB_GLOBAL},
                               {0x1000, 0x10, "a", STB_LOCAL},
                               {0x1020, 0x10, "weak", STB_WEAK},
                               {0x1020, 0x10, "_strong", STB_GLOBAL}});
  EXPECT_EQ(name_at(table, 0x1000), "malloc");
  EXPECT_EQ(name_at(table, 0x1020), "_strong");
}

TEST(SymbolTable, ASizeThatWrapsAroundDoesNoHarm) {
  const auto table = table_of({{0x1000, ~std::uint64_t{0}, "wide", STB_GLOBAL}});
  EXPECT_EQ(name_at(table, 0x1fff), "wide");
  EXPECT_EQ(name_at(table, 0x10), "none");
}

TEST(SourcePath, IsJoinedAndResolvedByItsText) {
  EXPECT_EQ(source_path("/src", "a.cpp"), "/src/a.cpp");
  EXPECT_EQ(source_path("/src/build", "../lib/./a.cpp"), "/src/lib/a.cpp");
  EXPECT_EQ(source_path("/src", "/abs//x/../a.h"), "/abs/a.h");
  EXPECT_EQ(source_path("/src", "dir/.hidden/a.h"), "/src/dir/.hidden/a.h");
  EXPECT_EQ(source_path("", "a.cpp"), "a.cpp");
  EXPECT_EQ(source_path("", "./a.cpp"), "a.cpp");
  EXPECT_EQ(source_path("/src", ""), "");
  EXPECT_EQ(source_path("/src", "<built-in>"), "");
  EXPECT_LT(source_path("/src", std::string(100000, 'a')).size(), 5000U);
}

}  // namespace
}  // namespace memwatch::symbols
