#include "collector/symbols/symbolizer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/unit/symbols/fixtures.h"

namespace memwatch::symbols {
namespace {

std::string at(const std::string& function, const std::string& file, const std::string& marker) {
  return fmt::format("{} {}:{}", function, file, line_of(file, marker));
}

// The stacks every fixture with full debug information has, as describe() gives them.
std::vector<std::string> expected_stacks() {
  const std::string deepest = at("shapes::deepest<int>(int)", "shapes.h", "deepest") + "* < ";
  const std::string area =
      deepest + at("shapes::Box::area(int) const", "shapes.h", "area") + "* < ";
  return {
      area + at("static_inlined(int, shapes::Box&)", "shapes.cpp", "static_inlined") + "* < " +
          at("plain_c_function", "shapes.cpp", "plain_c_function"),
      area + at("shapes::Box::volume(char const*, unsigned long) const", "shapes.cpp", "volume"),
      at("shapes::(anonymous namespace)::Hidden::thrice(char const*, unsigned long) const",
         "shapes.cpp", "thrice") +
          "* < " + at("enter", "shapes.cpp", "enter"),
      at("shapes::(anonymous namespace)::Hidden::twice(int) const", "shapes.cpp", "twice"),
      at("shapes::(anonymous namespace)::hidden_function(int, short)", "shapes.cpp",
         "hidden_function"),
      at("calls_at_its_end", "shapes.cpp", "calls_at_its_end"),
  };
}

void expect_full_symbols(Symbolizer& symbolizer, const model::Module& module,
                         const std::string& addresses_of) {
  const auto all = describe_all(symbolizer, module, addresses_of);
  std::string list;
  for (const Described& described : all) list += described.text + "\n";
  for (const std::string& stack : expected_stacks()) {
    EXPECT_TRUE(std::any_of(all.begin(), all.end(),
                            [&](const Described& described) { return described.text == stack; }))
        << "no address gives\n"
        << stack << "\nof\n"
        << list;
  }
}

class FullDebugInfo : public testing::TestWithParam<const char*> {};

TEST_P(FullDebugInfo, GivesInlinedFunctionsWithTheLinesOfTheirCalls) {
  const std::string path = fixture(GetParam());
  Symbolizer symbolizer({});
  expect_full_symbols(symbolizer, module_at(path), path);
  EXPECT_TRUE(symbolizer.notes().empty());
}

INSTANTIATE_TEST_SUITE_P(Fixtures, FullDebugInfo,
                         testing::Values("dwarf5.so", "dwarf4.so", "compressed.so", "split5.so",
                                         "split4.so", "sections.so", "type_units.so",
                                         "no_build_id.so"));

TEST(Symbolizer, NamesALambdaAfterTheFunctionAroundIt) {
  const std::string path = fixture("dwarf5.so");
  Symbolizer symbolizer({});
  const std::string line = fmt::format(":{}", line_of("shapes.cpp", "lambda"));
  for (const Described& described : describe_all(symbolizer, module_at(path), path)) {
    if (!described.text.ends_with(line)) continue;
    EXPECT_TRUE(described.text.starts_with("enter::")) << described.text;
    EXPECT_NE(described.text.find("operator()"), std::string::npos) << described.text;
    return;
  }
  ADD_FAILURE() << "no address in the lambda";
}

TEST(Symbolizer, FilesAreWholePaths) {
  const std::string path = fixture("dwarf5.so");
  Symbolizer symbolizer({});
  const model::Module module = module_at(path);
  for (const std::uint64_t address : text_addresses(path)) {
    for (const auto& frame : symbolizer.symbolize(module, exact_address(address)).frames) {
      if (frame.file.empty()) continue;
      EXPECT_TRUE(frame.file == source("shapes.cpp") || frame.file == source("shapes.h"))
          << frame.file;
    }
  }
}

TEST(Symbolizer, AReturnAddressBelongsToTheCallBeforeIt) {
  const std::string path = fixture("dwarf5.so");
  Symbolizer symbolizer({});
  const model::Module module = module_at(path);
  std::size_t boundaries = 0;
  for (const std::uint64_t address : text_addresses(path)) {
    const std::string before = describe(symbolizer.symbolize(module, exact_address(address)));
    const std::string here = describe(symbolizer.symbolize(module, exact_address(address + 1)));
    EXPECT_EQ(describe(symbolizer.symbolize(module, {1, address + 1, false})), before);
    if (before != here) ++boundaries;
  }
  EXPECT_GT(boundaries, 10U);
}

TEST(Symbolizer, WithoutDebugInfoFunctionsHaveNamesOnlyAndANoteSaysSo) {
  const std::string path = fixture("no_debug.so");
  Symbolizer symbolizer({});
  const auto all = describe_all(symbolizer, module_at(path), path);
  const auto has = [&](const std::string& text) {
    return std::any_of(all.begin(), all.end(),
                       [&](const Described& described) { return described.text == text; });
  };
  EXPECT_TRUE(has("shapes::Box::volume(char const*, unsigned long) const :0"));
  EXPECT_TRUE(has("plain_c_function :0"));
  EXPECT_TRUE(has("shapes::(anonymous namespace)::hidden_function(int, short) :0"));
  ASSERT_EQ(symbolizer.notes().size(), 1U);
  EXPECT_EQ(symbolizer.notes()[0].kind, ModuleNoteKind::names_only);
  EXPECT_NE(symbolizer.notes()[0].text.find("-g"), std::string::npos);
}

TEST(Symbolizer, AStrippedLibraryKeepsItsExportedNames) {
  const std::string path = fixture("stripped.so");
  Symbolizer symbolizer({});
  const auto all = describe_all(symbolizer, module_at(path), path);
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const Described& described) {
    return described.text == "plain_c_function :0";
  }));
  ASSERT_EQ(symbolizer.notes().size(), 1U);
  EXPECT_EQ(symbolizer.notes()[0].kind, ModuleNoteKind::names_only);
  EXPECT_NE(symbolizer.notes()[0].text.find("exported"), std::string::npos);
  EXPECT_NE(symbolizer.notes()[0].text.find("/.build-id/"), std::string::npos);
}

TEST(Symbolizer, APackedSymbolTableNamesLocalFunctions) {
  const std::string path = fixture("mini.so");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "xz was missing when the fixtures were built";
  Symbolizer symbolizer({});
  const auto all = describe_all(symbolizer, module_at(path), path);
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const Described& described) {
    return described.text == "shapes::(anonymous namespace)::hidden_function(int, short) :0";
  }));
  ASSERT_EQ(symbolizer.notes().size(), 1U);
  EXPECT_EQ(symbolizer.notes()[0].text.find("exported"), std::string::npos);
}

TEST(Symbolizer, MissingSplitFilesLeaveLinesAndSymbolNames) {
  const TemporaryFolder folder;
  std::string bytes = read_file(fixture("split5.so"));
  // The name of the .dwo file, changed in place to one that does not exist.
  for (std::size_t at = 0; (at = bytes.find("split5.dwo", at)) != std::string::npos; ++at) {
    bytes[at] = 'X';
  }
  const std::string path = folder.write("split.so", bytes);
  Symbolizer symbolizer({});
  const auto all = describe_all(symbolizer, module_at(path), path);
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const Described& described) {
    return described.text == at("calls_at_its_end", "shapes.cpp", "calls_at_its_end");
  }));
  ASSERT_EQ(symbolizer.notes().size(), 1U);
  EXPECT_NE(symbolizer.notes()[0].text.find(".dwo"), std::string::npos);
}

TEST(Symbolizer, ModulesWithoutTheirFileGiveNothingAndOneNoteEach) {
  const TemporaryFolder folder;
  const model::Module dwarf5 = module_at(fixture("dwarf5.so"));
  const std::string text = folder.write("text", "not an ELF file at all");
  struct Case {
    model::Module module;
    ModuleNoteKind kind;
    std::string word;
  };
  const std::vector<Case> cases = {
      {{"[vdso]", ""}, ModuleNoteKind::unavailable, "kernel"},
      {{"", ""}, ModuleNoteKind::unavailable, "run time"},
      {{"/nowhere/lib.so", "0123456789abcdef"}, ModuleNoteKind::unavailable, "gone"},
      {{dwarf5.path + " (deleted)", dwarf5.build_id}, ModuleNoteKind::unavailable, "deleted"},
      {{dwarf5.path, "0123456789abcdef"}, ModuleNoteKind::changed, "rebuilt"},
      {{text, ""}, ModuleNoteKind::damaged, "ELF"},
      {{"/tmp", ""}, ModuleNoteKind::damaged, "regular"},
      {{"/dev/zero", ""}, ModuleNoteKind::damaged, "regular"},
  };
  for (const Case& one : cases) {
    Symbolizer symbolizer({});
    for (std::uint64_t address : {0UL, 1UL, 0x1100UL, ~0UL}) {
      EXPECT_TRUE(symbolizer.symbolize(one.module, exact_address(address)).frames.empty());
    }
    ASSERT_EQ(symbolizer.notes().size(), 1U) << one.module.path;
    EXPECT_EQ(symbolizer.notes()[0].module, one.module.path);
    EXPECT_EQ(symbolizer.notes()[0].kind, one.kind) << symbolizer.notes()[0].text;
    EXPECT_NE(symbolizer.notes()[0].text.find(one.word), std::string::npos)
        << symbolizer.notes()[0].text;
  }
}

TEST(Symbolizer, ADebugFileFoundByBuildIdStandsInForAStrippedOrLostModule) {
  const TemporaryFolder folder;
  const std::string original = fixture("dwarf5.so");
  const model::Module stripped = module_at(fixture("stripped.so"));
  folder.copy(fixture("shapes.debug"), ".build-id/" + stripped.build_id.substr(0, 2) + "/" +
                                           stripped.build_id.substr(2) + ".debug");
  Symbolizer symbolizer({{folder.path().string()}, false});
  expect_full_symbols(symbolizer, stripped, original);
  expect_full_symbols(symbolizer, {"/nowhere/lib.so", stripped.build_id}, original);
  EXPECT_TRUE(symbolizer.notes().empty());
}

TEST(Symbolizer, AnAddressOfNoModuleOrBeforeTheFirstByteGivesNothing) {
  Symbolizer symbolizer({});
  const model::Module module = module_at(fixture("dwarf5.so"));
  EXPECT_TRUE(symbolizer.symbolize(module, {0, 0x1100, false}).frames.empty());
  EXPECT_TRUE(symbolizer.symbolize(module, {1, 0, false}).frames.empty());
}

TEST(Symbolizer, MoreModulesThanStayOpenAreStillAnswered) {
  const TemporaryFolder folder;
  Symbolizer symbolizer({});
  std::vector<model::Module> modules;
  for (int i = 0; i < 100; ++i) {
    modules.push_back(module_at(folder.copy(fixture("no_debug.so"), fmt::format("lib{}.so", i))));
  }
  const std::uint64_t address = text_addresses(fixture("no_debug.so")).back();
  const std::string first = describe(symbolizer.symbolize(modules[0], exact_address(address)));
  EXPECT_FALSE(first.empty());
  for (int round = 0; round < 2; ++round) {
    for (const model::Module& module : modules) {
      EXPECT_EQ(describe(symbolizer.symbolize(module, exact_address(address))), first);
    }
  }
  EXPECT_EQ(symbolizer.notes().size(), modules.size());
}

}  // namespace
}  // namespace memwatch::symbols
