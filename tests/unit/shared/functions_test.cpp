#include "shared/functions.h"

#include <gtest/gtest.h>

#include <set>

namespace memwatch {
namespace {

TEST(Functions, EveryIdButNoneHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t id = 1; id < kFunctionCount; ++id) {
    const std::string_view name = function_name(static_cast<Function>(id));
    EXPECT_FALSE(name.empty()) << id;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(function_name(Function::none), "");
}

TEST(Functions, NamesAreTheOnesReportsPromise) {
  EXPECT_EQ(function_name(Function::malloc_), "malloc");
  EXPECT_EQ(function_name(Function::posix_memalign_), "posix_memalign");
  EXPECT_EQ(function_name(Function::free_aligned_sized), "free_aligned_sized");
  EXPECT_EQ(function_name(Function::operator_new), "operator new");
  EXPECT_EQ(function_name(Function::operator_delete), "operator delete");
  EXPECT_EQ(function_name(Function::mmap64_), "mmap64");
  EXPECT_EQ(function_name(Function::sbrk_), "sbrk");
}

TEST(Functions, AnUnknownIdHasNoName) {
  for (unsigned id = kFunctionCount; id < 256; ++id) {
    EXPECT_EQ(function_name(static_cast<Function>(id)), "");
  }
}

TEST(Functions, DeallocationsAreExactlyFreeAndItsKin) {
  std::set<std::string_view> deallocations;
  for (unsigned id = 0; id < 256; ++id) {
    const auto function = static_cast<Function>(id);
    if (is_deallocation(function)) deallocations.insert(function_name(function));
  }
  EXPECT_EQ(deallocations, (std::set<std::string_view>{"free", "free_sized", "free_aligned_sized",
                                                       "operator delete"}));
}

TEST(Functions, MappingsAreExactlyThoseOfPages) {
  std::set<std::string_view> mappings;
  for (unsigned id = 0; id < 256; ++id) {
    const auto function = static_cast<Function>(id);
    if (is_mapping(function)) mappings.insert(function_name(function));
  }
  EXPECT_EQ(mappings,
            (std::set<std::string_view>{"mmap", "mmap64", "munmap", "mremap", "brk", "sbrk"}));
}

}  // namespace
}  // namespace memwatch
