// An array of zeroes with far more places than will be used, or one that several threads fill:
// addresses are reserved, memory comes where it is written, by the thread that writes. Not copied;
// throws std::bad_alloc. Not thread-safe, but for places of their own.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace memwatch::reachability {

template <typename T>
class SparseTable {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  SparseTable() = default;
  // `dense`: all of it will be used, so large pages are asked for (huge_pages.h).
  explicit SparseTable(std::size_t count, bool dense = false) : bytes_(count * sizeof(T)) {
    if (count == 0) return;
    void* const mapped = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<T*>(mapped);
    if (dense) madvise(mapped, bytes_, MADV_HUGEPAGE);
  }
  SparseTable(SparseTable&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  SparseTable& operator=(SparseTable&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~SparseTable() {
    if (data_ != nullptr) munmap(data_, bytes_);
  }

  T& operator[](std::size_t index) { return data_[index]; }
  const T& operator[](std::size_t index) const { return data_[index]; }
  [[nodiscard]] T* data() const { return data_; }

 private:
  T* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace memwatch::reachability
