#include "collector/symbols/symbol_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <numeric>

#include "collector/symbols/session_symbols.h"
#include "tests/unit/symbols/fixtures.h"

namespace memwatch::symbols {
namespace {

constexpr model::CodeAddress kPlace{1, 0x1234, true};

model::Symbols some_symbols() {
  return {{{"inner(int)", "/src/a.h", 7, true}, {"outer", "", 0, false}}};
}

// A module of its own, so that its file can be changed.
class SymbolCacheTest : public testing::Test {
 protected:
  model::Module module() { return module_at(library_); }
  [[nodiscard]] std::string directory() const { return (folder_.path() / "cache").string(); }
  std::string cache_file() { return directory() + "/" + module().build_id; }

  void keep_something() {
    SymbolCache cache(directory(), module());
    cache.add(kPlace, some_symbols());
    cache.save();
  }
  bool is_known() { return SymbolCache(directory(), module()).find(kPlace) != nullptr; }

  TemporaryFolder folder_;
  std::string library_ = folder_.copy(fixture("dwarf5.so"), "lib.so");
};

TEST_F(SymbolCacheTest, GivesBackWhatWasKept) {
  keep_something();
  const SymbolCache cache(directory(), module());
  ASSERT_NE(cache.find(kPlace), nullptr);
  EXPECT_EQ(describe(*cache.find(kPlace)), describe(some_symbols()));
  EXPECT_EQ(cache.find(kPlace)->frames[0].file, "/src/a.h");
  // A return address is another place than the instruction itself.
  EXPECT_EQ(cache.find({1, 0x1234, false}), nullptr);
  EXPECT_EQ(cache.find({1, 0x1235, true}), nullptr);
}

TEST_F(SymbolCacheTest, IsReadableByItsOwnerAlone) {
  keep_something();
  struct stat status {};
  ASSERT_EQ(::stat(cache_file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(SymbolCacheTest, ForgetsWhenTheModulesFileHasChanged) {
  keep_something();
  folder_.write("lib.so", read_file(library_) + "x");
  EXPECT_FALSE(is_known());
}

TEST_F(SymbolCacheTest, KeepsNothingWithoutADirectoryOrABuildId) {
  SymbolCache nowhere("", module());
  nowhere.add(kPlace, some_symbols());
  nowhere.save();
  EXPECT_EQ(nowhere.find(kPlace), nullptr);
  SymbolCache nameless(directory(), module_at(fixture("no_build_id.so")));
  nameless.add(kPlace, some_symbols());
  nameless.save();
  EXPECT_FALSE(std::filesystem::exists(directory()) && !std::filesystem::is_empty(directory()));
}

TEST_F(SymbolCacheTest, DamagedFilesCountAsEmpty) {
  keep_something();
  const std::string good = read_file(cache_file());
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x40);
    folder_.write("cache/" + module().build_id, bad);
    EXPECT_FALSE(is_known()) << "byte " << at;
    folder_.write("cache/" + module().build_id, good.substr(0, at));
    EXPECT_FALSE(is_known()) << "cut at " << at;
  }
  folder_.write("cache/" + module().build_id, good);
  EXPECT_TRUE(is_known());
}

TEST_F(SymbolCacheTest, DirectoriesThatOthersMayWriteAreNotUsed) {
  keep_something();
  ASSERT_EQ(::chmod(directory().c_str(), 0777), 0);
  EXPECT_FALSE(is_known());
}

TEST_F(SymbolCacheTest, LinksAreNotFollowed) {
  keep_something();
  const std::string elsewhere = folder_.write("elsewhere", read_file(cache_file()));
  ASSERT_EQ(::unlink(cache_file().c_str()), 0);
  ASSERT_EQ(::symlink(elsewhere.c_str(), cache_file().c_str()), 0);
  EXPECT_FALSE(is_known());
}

// The whole way: the second time nothing is read but the cache, and the answers are the same.
TEST_F(SymbolCacheTest, ASecondRecordingGetsTheSameSymbols) {
  model::Session session;
  session.modules = {{}, module()};
  for (const std::uint64_t address : text_addresses(library_)) {
    session.code_addresses.push_back({1, address, address % 2 == 0});
  }
  std::vector<model::CodeAddressId> all(session.code_addresses.size());
  std::iota(all.begin(), all.end(), 0U);
  SymbolizeOptions options;
  const auto symbols_with = [&](const std::string& cache) {
    session.symbols.clear();
    options.cache_directory = cache;
    EXPECT_TRUE(symbolize_session(session, all, options, {}).empty());
    std::vector<std::string> texts;
    for (const model::Symbols& symbols : session.symbols) texts.push_back(describe(symbols));
    return texts;
  };
  const std::vector<std::string> without = symbols_with("");
  EXPECT_EQ(symbols_with(directory()), without);
  const SymbolCache kept(directory(), module());
  for (std::size_t i = 1; i < session.code_addresses.size(); ++i) {
    ASSERT_NE(kept.find(session.code_addresses[i]), nullptr);
  }
  EXPECT_EQ(symbols_with(directory()), without);
}

TEST_F(SymbolCacheTest, WhatIsIncompleteIsNotKept) {
  const std::string stripped = folder_.copy(fixture("no_debug.so"), "no_debug.so");
  model::Session session;
  session.modules = {{}, module_at(stripped)};
  session.code_addresses = {{}, {1, text_addresses(stripped).front(), true}};
  const std::vector<model::CodeAddressId> all{1};
  SymbolizeOptions options;
  options.cache_directory = directory();
  EXPECT_FALSE(symbolize_session(session, all, options, {}).empty());
  EXPECT_FALSE(std::filesystem::exists(directory() + "/" + session.modules[1].build_id));
}

}  // namespace
}  // namespace memwatch::symbols
