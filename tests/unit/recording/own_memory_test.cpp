#include "collector/recording/own_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cstdint>

#include "collector/base/unique_fd.h"

namespace memwatch::recording {
namespace {

bool is_mapped(int pagemap, std::uintptr_t address) {
  std::uint64_t entry = 0;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto offset = static_cast<off_t>(address / page * sizeof entry);
  EXPECT_EQ(pread(pagemap, &entry, sizeof entry, offset), ssize_t{sizeof entry});
  return (entry >> 63) != 0;
}

// The page of the program's headers, which tell where its segments are.
TEST(OwnMemory, WhatIsGivenBackIsNotReadAgainOnTheWay) {
  const UniqueFd pagemap(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  ASSERT_GE(pagemap.get(), 0);
  const std::uintptr_t headers = getauxval(AT_PHDR);
  // The first time the linker looks up what is called, in the segment of the headers.
  for (int i = 0; i < 2; ++i) {
    EXPECT_NE(*reinterpret_cast<const volatile std::uint32_t*>(headers), 0U);
    EXPECT_TRUE(is_mapped(pagemap.get(), headers));
    drop_program_pages();
    if (i > 0) {
      EXPECT_FALSE(is_mapped(pagemap.get(), headers));
    }
  }
}

}  // namespace
}  // namespace memwatch::recording
