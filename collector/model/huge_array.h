// An array of zeroes that is looked into at random: from two megabytes on it lies on huge pages
// where the kernel has them (transparent_hugepage `madvise` or `always`), because with ordinary
// ones nearly every look is also a walk through the page tables: 22 instead of 12 ns per look in
// 128 MB, prefetched. Its memory goes back to the system with it. Elements are plain bytes; sizes
// of two megabytes and more have to be multiples of that. Not copied; throws std::bad_alloc.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include "collector/model/huge_pages.h"

namespace memwatch::model {

template <typename T>
class HugeArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  HugeArray() = default;
  explicit HugeArray(std::size_t count) : data_(allocate(count)), count_(count) {}
  HugeArray(HugeArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  HugeArray& operator=(HugeArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~HugeArray() {
    if (data_ == nullptr) return;
    if (is_huge(count_)) {
      munmap(data_, count_ * sizeof(T));
    } else {
      ::operator delete (data_, std::align_val_t{alignof(T)});
    }
  }

  [[nodiscard]] std::size_t size() const { return count_; }
  T& operator[](std::size_t index) { return data_[index]; }
  const T& operator[](std::size_t index) const { return data_[index]; }

 private:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;
  static bool is_huge(std::size_t count) { return count * sizeof(T) >= kHugePage; }

  static T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (is_huge(count)) return static_cast<T*>(map_aligned(bytes));
    void* memory = ::operator new (bytes, std::align_val_t{alignof(T)});
    return static_cast<T*>(std::memset(memory, 0, bytes));
  }

  // A page more than needed, then the ends beside the aligned part are given back.
  static void* map_aligned(std::size_t bytes) {
    void* const mapped = mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    char* const start = static_cast<char*>(mapped);
    const std::size_t before = -reinterpret_cast<std::uintptr_t>(start) % kHugePage;
    if (before > 0) munmap(start, before);
    munmap(start + before + bytes, kHugePage - before);
    prefer_huge_pages(start + before, bytes);
    return start + before;
  }

  T* data_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace memwatch::model
