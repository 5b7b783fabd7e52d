#include "collector/procfs/elf_kind.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>

#include "collector/procfs/own_allocator.h"
#include "tests/unit/procfs/fake_files.h"

namespace memwatch::procfs {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

ElfKind kind_of(const std::string& path) {
  const Result<std::optional<ElfKind>> kind = read_elf_kind(path);
  EXPECT_TRUE(kind && kind->has_value()) << path;
  return kind && kind->has_value() ? **kind : ElfKind{};
}

TEST(ElfKind, ADynamicProgramHasALoaderAndLibraries) {
  const ElfKind kind = kind_of("/proc/self/exe");
  EXPECT_TRUE(kind.is_executable);
  EXPECT_TRUE(kind.is_native);
  EXPECT_TRUE(kind.needs_libraries);
  EXPECT_FALSE(kind.is_static);
  EXPECT_TRUE(kind.interpreter.find("ld") != std::string::npos) << kind.interpreter;
  EXPECT_TRUE(kind.has_symbol_table);
  EXPECT_FALSE(kind.is_go);
}

TEST(ElfKind, AStaticProgramIsStatic) {
  const ElfKind kind = kind_of(STATIC_PROGRAM);
  EXPECT_TRUE(kind.is_static);
  EXPECT_EQ(kind.interpreter, "");
}

TEST(ElfKind, AStaticPieIsStaticThoughItHasADynamicSegment) {
  const ElfKind kind = kind_of(STATIC_PIE_PROGRAM);
  EXPECT_EQ(kind.type, ET_DYN);
  EXPECT_TRUE(kind.is_static);
}

TEST(ElfKind, TheLoaderItselfIsNotStatic) {
  const ElfKind self = kind_of("/proc/self/exe");
  EXPECT_FALSE(kind_of(self.interpreter).is_static);
}

TEST(ElfKind, OtherFilesAreNoElfAndOddOnesAreErrors) {
  const procfs_testing::FakeFiles files;
  files.add("/script", "#!/bin/sh\n");
  files.add("/empty", "");
  files.add("/head",
            "\x7f"
            "ELF");
  files.add("/class",
            "\x7f"
            "ELF" +
                std::string(60, '\x09'));
  EXPECT_FALSE(read_elf_kind(files.root() + "/script")->has_value());
  EXPECT_FALSE(read_elf_kind(files.root() + "/empty")->has_value());
  EXPECT_EQ(read_elf_kind(files.root() + "/head").error().kind, ErrorKind::damaged);
  EXPECT_EQ(read_elf_kind(files.root() + "/class").error().kind, ErrorKind::damaged);
  EXPECT_EQ(read_elf_kind(files.root() + "/missing").error().kind, ErrorKind::not_found);
  EXPECT_EQ(read_elf_kind(files.root()).error().why, "is a directory");
}

// A minimal file of another machine: 32 bits, big-endian, one section named .go.buildinfo.
TEST(ElfKind, A32BitBigEndianGoProgramIsUnderstood) {
  std::string bytes(52 + 3 * 40 + 64, '\0');
  const auto put = [&](std::size_t at, std::uint32_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      bytes[at + i] = static_cast<char>((value >> (8 * (size - 1 - i))) & 0xff);
    }
  };
  const std::string ident =
      "\x7f"
      "ELF\x01\x02\x01";
  bytes.replace(0, ident.size(), ident);
  put(16, ET_EXEC, 2);
  put(18, EM_PPC, 2);
  put(32, 52, 4);             // e_shoff
  put(46, 40, 2);             // e_shentsize
  put(48, 3, 2);              // e_shnum
  put(50, 1, 2);              // e_shstrndx
  put(52 + 40 + 16, 172, 4);  // names at 172 …
  put(52 + 40 + 20, 64, 4);   // … 64 bytes
  put(52 + 80 + 0, 1, 4);     // the third section's name
  const std::string name = ".go.buildinfo";
  bytes.replace(173, name.size(), name);
  const procfs_testing::FakeFiles files;
  files.add("/go", bytes);
  const ElfKind kind = kind_of(files.root() + "/go");
  EXPECT_FALSE(kind.is_64);
  EXPECT_TRUE(kind.is_big_endian);
  EXPECT_EQ(kind.machine, EM_PPC);
  EXPECT_FALSE(kind.is_native);
  EXPECT_TRUE(kind.is_go);
}

TEST(OwnAllocator, DefinitionsAreFoundAndUsesAreNot) {
  const Result<OwnAllocator> own = find_own_allocator(OWN_MALLOC_PROGRAM);
  ASSERT_TRUE(own);
  EXPECT_TRUE(own->exports("malloc"));
  EXPECT_TRUE(own->exports("mi_malloc"));
  EXPECT_TRUE(own->defines("mi_malloc"));
  EXPECT_FALSE(own->defines("free")) << "xfree is not free";
  EXPECT_FALSE(own->defines("je_malloc"));
  EXPECT_EQ(own->description(), "mimalloc");
}

TEST(OwnAllocator, AStaticProgramDefinesMallocWithoutExportingIt) {
  const Result<OwnAllocator> own = find_own_allocator(STATIC_PROGRAM);
  ASSERT_TRUE(own);
  EXPECT_TRUE(own->defines("malloc"));
  EXPECT_FALSE(own->exports("malloc"));
  EXPECT_EQ(own->description(), "its own malloc");
}

TEST(OwnAllocator, APlainProgramHasNone) {
  const Result<OwnAllocator> own = find_own_allocator("/bin/sh");
  ASSERT_TRUE(own);
  EXPECT_EQ(own->description(), "");
  EXPECT_EQ(find_own_allocator("/etc/passwd")->description(), "");
}

TEST(ElfKind, DamagedProgramsNeverCrashNorHang) {
  const procfs_testing::FakeFiles files;
  const std::string original = read_file(OWN_MALLOC_PROGRAM);
  std::mt19937 random(1);
  const auto damage = [&](std::string& bytes, std::size_t from, std::size_t range) {
    bytes[from + random() % range] = static_cast<char>(random());
  };
  const std::string path = files.root() + "/damaged";
  for (int i = 0; i < 1500; ++i) {
    std::string bytes = original;
    damage(bytes, 4, 60);
    for (int k = 0; k < 4; ++k) damage(bytes, 64, 13 * 56);                // segments
    for (int k = 0; k < 4; ++k) damage(bytes, bytes.size() - 2048, 2048);  // sections
    if (i % 3 == 0) bytes.resize(random() % bytes.size());
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    (void)read_elf_kind(path);
    (void)find_own_allocator(path);
  }
}

}  // namespace
}  // namespace memwatch::procfs
