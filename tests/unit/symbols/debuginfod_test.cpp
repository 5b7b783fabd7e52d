// Downloads, from a "server" that is a folder (libdebuginfod reads file:// as well).
#include <gtest/gtest.h>

#include <cstdlib>

#include "collector/symbols/debuginfod_client.h"
#include "tests/unit/symbols/fixtures.h"

namespace memwatch::symbols {
namespace {

class Debuginfod : public testing::Test {
 protected:
  void SetUp() override {
    module_ = module_at(fixture("stripped.so"));
    folder_.copy(fixture("shapes.debug"), "server/buildid/" + module_.build_id + "/debuginfo");
    setenv("DEBUGINFOD_URLS", ("file://" + (folder_.path() / "server").string()).c_str(), 1);
    setenv("DEBUGINFOD_CACHE_PATH", (folder_.path() / "cache").c_str(), 1);
  }
  void TearDown() override {
    unsetenv("DEBUGINFOD_URLS");
    unsetenv("DEBUGINFOD_CACHE_PATH");
  }

  bool has_lines(Symbolizer& symbolizer) {
    for (const Described& one : describe_all(symbolizer, module_, fixture("dwarf5.so"))) {
      if (one.text.find("shapes.cpp") != std::string::npos) return true;
    }
    return false;
  }

  TemporaryFolder folder_;
  model::Module module_;
};

TEST_F(Debuginfod, IsAskedWhenTheUserWantsIt) {
  const auto probe = download_debug_file(module_.build_id);
  if (!probe && probe.error().remedy.find("install") != std::string::npos) {
    GTEST_SKIP() << probe.error().to_line();
  }
  Symbolizer symbolizer({{}, true});
  EXPECT_TRUE(has_lines(symbolizer));
  EXPECT_TRUE(symbolizer.notes().empty());
}

TEST_F(Debuginfod, IsNotAskedOtherwiseWhateverTheEnvironmentSays) {
  Symbolizer symbolizer({});
  EXPECT_FALSE(has_lines(symbolizer));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "cache"));
}

TEST_F(Debuginfod, AFileOfAnotherBuildIsRefusedAndTheNoteSaysSo) {
  folder_.copy(fixture("dwarf4.so"), "server/buildid/" + module_.build_id + "/debuginfo");
  Symbolizer symbolizer({{}, true});
  EXPECT_FALSE(has_lines(symbolizer));
  ASSERT_EQ(symbolizer.notes().size(), 1U);
  EXPECT_NE(symbolizer.notes()[0].text.find("download"), std::string::npos);
}

TEST_F(Debuginfod, WithoutAServerTheNoteSaysSo) {
  unsetenv("DEBUGINFOD_URLS");
  Symbolizer symbolizer({{}, true});
  EXPECT_FALSE(has_lines(symbolizer));
  ASSERT_EQ(symbolizer.notes().size(), 1U);
  EXPECT_NE(symbolizer.notes()[0].text.find("download"), std::string::npos);
}

}  // namespace
}  // namespace memwatch::symbols
