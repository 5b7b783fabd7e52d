#include "collector/symbols/program_suppressions.h"

#include <gtest/gtest.h>

#include <vector>

namespace memwatch::symbols {
namespace {

std::optional<std::uint64_t> returned(std::vector<unsigned char> code) {
  return returned_address(code.data(), code.size(), 0x1000);
}

TEST(ProgramSuppressions, AddressesAsCompilersReturnThem) {
  // lea rax, [rip + 0x100]; ret
  EXPECT_EQ(returned({0x48, 0x8d, 0x05, 0, 1, 0, 0, 0xc3}), 0x1000 + 7 + 0x100);
  // endbr64; push rbp; mov rbp, rsp; lea rax, [rip - 1]; pop rbp; ret
  EXPECT_EQ(returned({0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5, 0x48, 0x8d, 0x05, 0xff, 0xff,
                      0xff, 0xff, 0x5d, 0xc3}),
            0x1000 + 15 - 1);
  EXPECT_EQ(returned({0xb8, 4, 0x30, 0x40, 0, 0xc3}), 0x403004) << "mov eax";
  EXPECT_EQ(returned({0x48, 0xc7, 0xc0, 4, 0x30, 0x40, 0, 0xc3}), 0x403004) << "mov rax";
  EXPECT_EQ(returned({0x48, 0xb8, 1, 2, 3, 4, 5, 0, 0, 0, 0xf3, 0xc3}), 0x0504030201) << "movabs";
}

TEST(ProgramSuppressions, CodeThatDoesMoreIsNotRead) {
  EXPECT_EQ(returned({}), std::nullopt);
  EXPECT_EQ(returned({0xc3}), std::nullopt);
  EXPECT_EQ(returned({0x48, 0x8d, 0x05, 0, 1}), std::nullopt) << "cut off";
  EXPECT_EQ(returned({0x48, 0x8d, 0x05, 0, 1, 0, 0}), std::nullopt) << "no end";
  EXPECT_EQ(returned({0x48, 0x8d, 0x05, 0, 1, 0, 0, 0x90, 0xc3}), std::nullopt);
  EXPECT_EQ(returned({0x55, 0x48, 0x89, 0xe5, 0x48, 0x8d, 0x05, 0, 1, 0, 0, 0xc3}), std::nullopt)
      << "the frame is still there";
  EXPECT_EQ(returned({0xe8, 0, 0, 0, 0, 0xc3}), std::nullopt) << "calls something";
}

TEST(ProgramSuppressions, FilesWithoutAnyHaveNone) {
  for (const char* const path : {"/nonexistent", "/proc/self/exe", "/etc/passwd", "/"}) {
    const ProgramSuppressions found = read_program_suppressions(path);
    EXPECT_EQ(found.text + found.why_not, "") << path;
  }
}

}  // namespace
}  // namespace memwatch::symbols
