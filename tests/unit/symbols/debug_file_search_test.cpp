#include "collector/symbols/debug_file_search.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/symbols/fixtures.h"

namespace memwatch::symbols {
namespace {

// Whether a copy of a linked fixture finds its debug file when that lies at `place` in the folder.
bool found_at(const std::string& place, const std::string& module = "linked.so",
              const std::string& debug_file = "shapes.debug") {
  const TemporaryFolder folder;
  const model::Module copy = module_at(folder.copy(fixture(module), "bin/" + module));
  std::string target = place;
  const std::string kOwnFolder = "OWN";
  if (const auto at = target.find(kOwnFolder); at != std::string::npos) {
    target.replace(at, kOwnFolder.size(), (folder.path() / "bin").string());
  }
  folder.copy(fixture(debug_file), target);
  Symbolizer symbolizer({{(folder.path() / "root").string()}, false});
  for (const Described& described : describe_all(symbolizer, copy, fixture("dwarf5.so"))) {
    if (described.text.find("shapes.cpp") != std::string::npos) return true;
  }
  return false;
}

TEST(DebugFileSearch, FollowsTheDebugLinkToEachOfItsPlaces) {
  EXPECT_TRUE(found_at("bin/shapes.debug"));
  EXPECT_TRUE(found_at("bin/.debug/shapes.debug"));
  EXPECT_TRUE(found_at("root/OWN/shapes.debug"));
  EXPECT_TRUE(found_at("root/shapes.debug"));
  EXPECT_FALSE(found_at("elsewhere/shapes.debug"));
}

TEST(DebugFileSearch, ADebugFileOfAnotherBuildIsPassedOver) {
  const TemporaryFolder folder;
  const std::string path = folder.copy(fixture("linked.so"), "linked.so");
  folder.copy(fixture("dwarf4.so"), "shapes.debug");
  const auto file = ElfFile::open(path);
  ASSERT_TRUE(file);
  EXPECT_FALSE(find_debug_file(*file, module_at(path).build_id, {}));
}

TEST(DebugFileSearch, WithoutBuildIdsTheChecksumDecides) {
  EXPECT_TRUE(found_at("bin/no_build_id.debug", "linked_no_build_id.so", "no_build_id.debug"));
  const TemporaryFolder folder;
  const std::string path = folder.copy(fixture("linked_no_build_id.so"), "linked.so");
  std::string bytes = read_file(fixture("no_build_id.debug"));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  folder.write("no_build_id.debug", bytes);
  const auto file = ElfFile::open(path);
  ASSERT_TRUE(file);
  EXPECT_FALSE(find_debug_file(*file, "", {}));
}

TEST(DebugFileSearch, ALinkThatLeavesItsFolderIsNotFollowed) {
  const TemporaryFolder folder;
  std::string bytes = read_file(fixture("linked.so"));
  const auto at = bytes.find("shapes.debug");
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 12, "../pes.debug");
  const auto file = ElfFile::open(folder.write("linked.so", bytes));
  ASSERT_TRUE(file);
  EXPECT_FALSE(read_debug_link(*file));
}

TEST(DebugFileSearch, ReadsNameAndChecksumOfTheLink) {
  const auto file = ElfFile::open(fixture("linked.so"));
  ASSERT_TRUE(file);
  const auto link = read_debug_link(*file);
  ASSERT_TRUE(link);
  EXPECT_EQ(link->file_name, "shapes.debug");
  EXPECT_NE(link->checksum, 0U);
  const auto plain = ElfFile::open(fixture("dwarf5.so"));
  ASSERT_TRUE(plain);
  EXPECT_FALSE(read_debug_link(*plain));
}

}  // namespace
}  // namespace memwatch::symbols
