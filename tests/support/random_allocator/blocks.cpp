#include "tests/support/random_allocator/blocks.h"

#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <new>

// C23; glibc 2.36 has neither, so they exist only where an interposer brings them.
extern "C" {
[[gnu::weak]] void free_sized(void* block, std::size_t size);
[[gnu::weak]] void free_aligned_sized(void* block, std::size_t alignment, std::size_t size);
}

namespace memwatch::random_allocator {
namespace {

constexpr std::size_t kLargestBlock = std::size_t{4} << 20;

// Mostly small, as in real programs; a few large enough for glibc to map them; some empty.
std::size_t random_size(Random& random) {
  const std::uint64_t choice = random.below(100);
  if (choice < 3) return 0;
  if (choice < 75) return 1 + random.below(256);
  if (choice < 95) return 1 + random.below(8192);
  if (choice < 99) return 1 + random.below(200'000);
  return 1 + random.below(kLargestBlock);
}

std::size_t random_alignment(Random& random) {
  return std::size_t{16} << random.below(9);
}

std::uint8_t mark_of(std::size_t size) {
  return static_cast<std::uint8_t>(size * 31 + 7);
}

void write_marks(const Block& block) {
  if (block.address == nullptr) give_up("an allocation that should succeed returned null");
  if (block.size == 0) return;
  auto* bytes = static_cast<std::uint8_t*>(block.address);
  bytes[0] = mark_of(block.size);
  bytes[block.size - 1] = mark_of(block.size);
}

void check_marks(const Block& block) {
  if (block.size == 0) return;
  const auto* bytes = static_cast<const std::uint8_t*>(block.address);
  if (bytes[0] != mark_of(block.size) || bytes[block.size - 1] != mark_of(block.size))
    give_up("a block was damaged");
}

Block allocate_c(std::size_t size, Random& random) {
  Block block{nullptr, size, 0, Family::c};
  switch (random.below(7)) {
    case 0:
      block.address = std::calloc(size == 0 ? 0 : 1, size);
      break;
    case 1:
      block.size = size / 8 * 8;
      block.address = std::calloc(size / 8, 8);
      break;
    case 2:
      block.address = std::realloc(nullptr, size);
      break;
    case 3:
      block.address = reallocarray(nullptr, size, 1);
      break;
    case 4: {
      char text[64];
      block.size = 1 + size % sizeof text;
      std::memset(text, 'x', sizeof text);
      text[block.size - 1] = '\0';
      block.address = strdup(text);
      break;
    }
    default:
      block.address = std::malloc(size);
  }
  return block;
}

Block allocate_aligned(std::size_t size, Random& random) {
  Block block{nullptr, size, random_alignment(random), Family::c_aligned};
  switch (random.below(5)) {
    case 0:
      if (posix_memalign(&block.address, block.alignment, size) != 0) block.address = nullptr;
      break;
    case 1:
      // A multiple of the alignment, or it is the libc's choice whether the call succeeds.
      block.size = (size + block.alignment - 1) / block.alignment * block.alignment;
      block.address = std::aligned_alloc(block.alignment, block.size);
      break;
    case 2:
      block.address = memalign(block.alignment, size);
      break;
    case 3:
      block.alignment = 4096;
      block.address = valloc(size);
      break;
    default:
      block.alignment = 4096;
      block.address = pvalloc(size);
  }
  return block;
}

Block allocate_new(std::size_t size, Random& random) {
  Block block{nullptr, size, random_alignment(random), Family::plain_new};
  const auto alignment = std::align_val_t{block.alignment};
  switch (random.below(8)) {
    case 0:
      block.family = Family::array_new;
      block.address = ::operator new[](size);
      break;
    case 1:
      block.address = ::operator new(size, std::nothrow);
      break;
    case 2:
      block.family = Family::array_new;
      block.address = ::operator new[](size, std::nothrow);
      break;
    case 3:
      block.family = Family::aligned_new;
      block.address = ::operator new(size, alignment);
      break;
    case 4:
      block.family = Family::aligned_array;
      block.address = ::operator new[](size, alignment);
      break;
    case 5:
      block.family = Family::aligned_new;
      block.address = ::operator new(size, alignment, std::nothrow);
      break;
    case 6:
      block.family = Family::aligned_array;
      block.address = ::operator new[](size, alignment, std::nothrow);
      break;
    default:
      block.address = ::operator new(size);
  }
  return block;
}

void release_c(const Block& block, Random& random) {
  const std::uint64_t choice = random.below(8);
  if (choice == 0 && block.family == Family::c && free_sized != nullptr)
    free_sized(block.address, block.size);
  else if (choice == 0 && block.family == Family::c_aligned && free_aligned_sized != nullptr)
    free_aligned_sized(block.address, block.alignment, block.size);
  else if (choice != 1)
    std::free(block.address);
  else if (std::realloc(block.address, 0) != nullptr)
    give_up("realloc to nothing returned a block");
}

void release_new(const Block& block, Random& random) {
  const std::uint64_t form = random.below(3);
  const auto alignment = std::align_val_t{block.alignment};
  void* const address = block.address;
  switch (block.family) {
    case Family::plain_new:
      if (form == 0) return ::operator delete(address);
      if (form == 1) return ::operator delete(address, block.size);
      return ::operator delete(address, std::nothrow);
    case Family::array_new:
      if (form == 0) return ::operator delete[](address);
      if (form == 1) return ::operator delete[](address, block.size);
      return ::operator delete[](address, std::nothrow);
    case Family::aligned_new:
      if (form == 0) return ::operator delete(address, alignment);
      if (form == 1) return ::operator delete(address, block.size, alignment);
      return ::operator delete(address, alignment, std::nothrow);
    default:
      if (form == 0) return ::operator delete[](address, alignment);
      if (form == 1) return ::operator delete[](address, block.size, alignment);
      return ::operator delete[](address, alignment, std::nothrow);
  }
}

}  // namespace

void give_up(const char* what) {
  static_cast<void>(!write(STDERR_FILENO, what, std::strlen(what)));
  static_cast<void>(!write(STDERR_FILENO, "\n", 1));
  _exit(90);
}

Block allocate(Random& random) {
  const std::size_t size = random_size(random);
  const std::uint64_t choice = random.below(10);
  Block block;
  if (choice < 5)
    block = allocate_c(size, random);
  else if (choice < 6)
    block = allocate_aligned(size, random);
  else
    block = allocate_new(size, random);
  write_marks(block);
  return block;
}

void release(const Block& block, Random& random) {
  check_marks(block);
  if (block.family == Family::c || block.family == Family::c_aligned)
    release_c(block, random);
  else
    release_new(block, random);
}

Block reallocate(const Block& block, Random& random) {
  check_marks(block);
  Block moved = block;
  moved.size = random_size(random);
  moved.family = Family::c;
  if (moved.size % 8 == 0 && random.one_in(2))
    moved.address = reallocarray(block.address, moved.size / 8, 8);
  else
    moved.address = std::realloc(block.address, moved.size);
  if (moved.size == 0) {
    moved.address = nullptr;
    return moved;
  }
  if (moved.address != nullptr && block.size != 0 &&
      *static_cast<std::uint8_t*>(moved.address) != mark_of(block.size))
    give_up("realloc lost the contents of a block");
  write_marks(moved);
  return moved;
}

}  // namespace memwatch::random_allocator
