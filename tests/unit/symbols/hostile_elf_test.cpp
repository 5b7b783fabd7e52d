// Damaged files in place of modules: any answer will do, as long as there is one, soon.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "collector/symbols/elf_file.h"
#include "tests/unit/symbols/fixtures.h"

namespace memwatch::symbols {
namespace {

void ask_about(const std::string& path, const std::vector<std::uint64_t>& addresses,
               std::size_t step) {
  Symbolizer symbolizer({});
  const model::Module module{path, ""};
  for (std::size_t i = 0; i < addresses.size(); i += step) {
    symbolizer.symbolize(module, exact_address(addresses[i]));
  }
  symbolizer.symbolize(module, exact_address(0));
  symbolizer.symbolize(module, exact_address(~std::uint64_t{0}));
  EXPECT_LE(symbolizer.notes().size(), 2U);
}

class HostileElf : public testing::TestWithParam<const char*> {
 protected:
  std::string original_ = read_file(fixture(GetParam()));
  std::vector<std::uint64_t> addresses_ = text_addresses(fixture(GetParam()));
  TemporaryFolder folder_;
};

TEST_P(HostileElf, ATruncatedFileIsAnswered) {
  const std::size_t step = std::max<std::size_t>(original_.size() / 100, 1);
  for (std::size_t size = 0; size < original_.size(); size += size < 128 ? 8 : step) {
    ask_about(folder_.write("truncated.so", original_.substr(0, size)), addresses_, 16);
  }
}

TEST_P(HostileElf, FlippedBytesAnywhereAreAnswered) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = original_;
    for (std::uint32_t i = 0; i < 1 + random() % 40; ++i) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    ask_about(folder_.write("flipped.so", bytes), addresses_, 16);
  }
}

// Most bytes are code and padding; these are the ones that the readers interpret.
TEST_P(HostileElf, FlippedBytesInHeadersAndDebugSectionsAreAnswered) {
  std::mt19937 random(12);
  // Debug sections follow the loaded ones, whose end the comment section's text marks.
  const std::size_t start = original_.find("GCC: (") != std::string::npos ? original_.find("GCC: (")
                                                                          : original_.size() / 2;
  for (int round = 0; round < 600; ++round) {
    std::string bytes = original_;
    for (std::uint32_t i = 0; i < 1 + random() % 12; ++i) {
      const std::size_t at =
          random() % 8 == 0 ? random() % 64 : start + random() % (bytes.size() - start);
      constexpr unsigned char kNasty[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
      bytes[at] = static_cast<char>(random() % 2 == 0 ? kNasty[random() % 5] : random());
    }
    ask_about(folder_.write("flipped.so", bytes), addresses_, 16);
  }
}

// libdw would read on past the end of the section.
TEST(HostileStrings, AStringSectionWithoutAnEndIsRefused) {
  const TemporaryFolder folder;
  std::string bytes = read_file(fixture("dwarf5.so"));
  const auto file = ElfFile::open(fixture("dwarf5.so"));
  ASSERT_TRUE(file);
  const std::string lines = file->section_bytes(".debug_line_str");
  if (lines.empty()) GTEST_SKIP() << "this compiler keeps file names elsewhere";
  const auto section = bytes.find(lines);
  ASSERT_NE(section, std::string::npos);
  bytes[section + lines.size() - 1] = 'x';
  Symbolizer symbolizer({});
  const model::Module module{folder.write("endless.so", bytes), ""};
  for (const std::uint64_t address : text_addresses(fixture("dwarf5.so"))) {
    symbolizer.symbolize(module, exact_address(address));
  }
  ASSERT_EQ(symbolizer.notes().size(), 1U);
  EXPECT_EQ(symbolizer.notes()[0].kind, ModuleNoteKind::damaged);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, HostileElf,
                         testing::Values("dwarf5.so", "dwarf4.so", "compressed.so", "type_units.so",
                                         "split5.so", "no_debug.so", "linked.so"));

}  // namespace
}  // namespace memwatch::symbols
