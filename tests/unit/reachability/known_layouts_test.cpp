#include "collector/reachability/known_layouts.h"

#include <gtest/gtest.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

namespace memwatch::reachability {
namespace {

// This process's own memory: layouts as the compiler at hand really makes them.
class OwnMemory : public Memory {
 public:
  explicit OwnMemory(Range readable = {0x1000, ~0ULL}) : readable_(readable) {}
  std::size_t read(std::uint64_t address, void* to, std::size_t size) override {
    if (address < readable_.start || address + size > readable_.end) return 0;
    // By the kernel: a layout may be looked for across the end of what the test has made.
    const iovec mine{to, size};
    const iovec theirs{reinterpret_cast<void*>(address), size};  // NOLINT: that is the point
    const ssize_t got = process_vm_readv(getpid(), &mine, 1, &theirs, 1, 0);
    return got < 0 ? 0 : static_cast<std::size_t>(got);
  }
  Range next_present(std::uint64_t start, std::uint64_t end) override { return {start, end}; }

 private:
  Range readable_;
};

bool explained(const void* start, std::uint64_t size, const void* pointer) {
  OwnMemory memory;
  const auto address = reinterpret_cast<std::uint64_t>(start);
  return explains_interior(memory, address, size,
                           reinterpret_cast<std::uint64_t>(pointer) - address);
}

TEST(KnownLayouts, TheCharactersOfAShortString) {
  const auto text = std::make_unique<std::string>("short");
  EXPECT_TRUE(explained(text.get(), sizeof *text, text->c_str()));
  EXPECT_FALSE(explained(text.get(), sizeof *text, text->c_str() + 1));
}

TEST(KnownLayouts, TheCharactersOfAnOldString) {
  std::uint64_t block[5] = {5, 12, 0, 0x6f6c6c6568, 0};
  EXPECT_TRUE(explained(block, 24 + 12 + 1, block + 3));
  block[0] = 13;  // longer than its capacity
  EXPECT_FALSE(explained(block, 24 + 12 + 1, block + 3));
}

struct WithDestructor {
  ~WithDestructor() { value = 0; }
  int value = 1;
};
struct alignas(32) Aligned {
  ~Aligned() { value = 0; }
  int value = 1;
};

TEST(KnownLayouts, AnArrayWithACookie) {
  std::uint64_t block[4] = {6, 0, 0, 0};
  EXPECT_TRUE(explained(block, 8 + 6 * sizeof(WithDestructor), block + 1));
  EXPECT_FALSE(explained(block, 8 + 6 * sizeof(WithDestructor) + 1, block + 1));
  alignas(32) std::uint64_t aligned[12] = {0, 0, 0, 2};
  EXPECT_TRUE(explained(aligned, 32 + 2 * sizeof(Aligned), aligned + 4));
}

struct First {
  virtual ~First() = default;
  long a = 1;
};
struct Second {
  virtual ~Second() = default;
  long b = 2;
};
struct Both : First, Second {
  long c = 3;
};

TEST(KnownLayouts, TheSecondBaseOfMultipleInheritance) {
  const auto object = std::make_unique<Both>();
  const Second* second = object.get();
  EXPECT_TRUE(explained(object.get(), sizeof *object, second));
  EXPECT_FALSE(explained(object.get(), sizeof *object, &second->b));
  EXPECT_FALSE(explained(object.get(), sizeof *object, &object->a));
}

TEST(KnownLayouts, ALengthInFront) {
  std::vector<std::uint64_t> block(13);
  block[0] = 96;
  EXPECT_TRUE(explained(block.data(), 104, block.data() + 1));
  EXPECT_FALSE(explained(block.data(), 104, block.data() + 2));
  EXPECT_FALSE(explained(block.data(), 103, block.data() + 1));
}

TEST(KnownLayouts, StringsOfRedis) {
  char block[32] = {4, 10, 1, 't', 'e', 'x', 't', 0};  // length, capacity, type of 8 bits
  EXPECT_TRUE(explained(block, 14, block + 3));
  EXPECT_FALSE(explained(block, 200, block + 3));
  EXPECT_FALSE(explained(block, 14, block + 5));
}

TEST(KnownLayouts, OrdinaryInteriorPointersAreNotExplained) {
  std::uint64_t block[16] = {};
  for (std::uint64_t i = 0; i < 16; ++i) block[i] = 0x4141414141414141ULL + i;
  for (std::uint64_t offset = 1; offset < sizeof block; ++offset) {
    EXPECT_FALSE(explained(block, sizeof block, reinterpret_cast<char*>(block) + offset)) << offset;
  }
}

TEST(KnownLayouts, MemoryThatCannotBeReadExplainsNothing) {
  std::uint64_t block[4] = {6, 0, 0, 0};
  OwnMemory nothing({1, 0});
  EXPECT_FALSE(explains_interior(nothing, reinterpret_cast<std::uint64_t>(block), 32, 8));
  EXPECT_FALSE(explains_interior(nothing, 0x1000, 32, 0));
  EXPECT_FALSE(explains_interior(nothing, 0x1000, 32, 32));
}

}  // namespace
}  // namespace memwatch::reachability
