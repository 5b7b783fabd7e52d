#include "tests/support/random_allocator/mappings.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/random_allocator/blocks.h"

namespace memwatch::random_allocator {
namespace {

constexpr std::size_t kMostMappings = 64;

std::size_t page_size() {
  static const auto kPageSize = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return kPageSize;
}

// Any length that rounds up to this many pages.
std::size_t some_length(std::size_t pages, Random& random) {
  return pages * page_size() - random.below(page_size());
}

constexpr int kProtection = PROT_READ | PROT_WRITE;
constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

char* checked(void* start) {
  if (start == MAP_FAILED) give_up("a mapping that should succeed failed");
  return static_cast<char*>(start);
}

}  // namespace

Mappings::Mappings() {
  mappings_.reserve(kMostMappings + 1);
}

void Mappings::change(Random& random) {
  if (mappings_.empty() || (mappings_.size() < kMostMappings && random.one_in(3)))
    return map(random);
  const std::size_t index = random.below(mappings_.size());
  Mapping& mapping = mappings_[index];
  const std::uint64_t choice = random.below(4);
  if (choice == 0) return overlay(mapping, random);
  if (choice == 1 && mapping.one_area) return resize(mapping, random);
  unmap_part(index, random);
}

void Mappings::map(Random& random) {
  const std::size_t pages = 1 + random.below(32);
  const std::size_t length = some_length(pages, random);
  void* const start = random.one_in(2) ? mmap(nullptr, length, kProtection, kFlags, -1, 0)
                                       : mmap64(nullptr, length, kProtection, kFlags, -1, 0);
  mappings_.push_back({checked(start), pages, true});
}

// Cuts a piece out of it: all, the head, the tail or a hole in the middle, whose right side is kept
// as a mapping of its own while there is room in the list.
void Mappings::unmap_part(std::size_t index, Random& random) {
  const Mapping whole = mappings_[index];
  std::size_t first = random.below(whole.pages);
  std::size_t count = 1 + random.below(whole.pages - first);
  if (mappings_.size() >= kMostMappings) first = 0, count = whole.pages;
  if (munmap(whole.start + first * page_size(), some_length(count, random)) != 0)
    give_up("munmap failed");
  forget(index);
  const std::size_t right = first + count;
  if (first > 0) mappings_.push_back({whole.start, first, whole.one_area});
  if (right < whole.pages)
    mappings_.push_back({whole.start + right * page_size(), whole.pages - right, whole.one_area});
}

void Mappings::overlay(Mapping& mapping, Random& random) {
  const std::size_t first = random.below(mapping.pages);
  const std::size_t count = 1 + random.below(mapping.pages - first);
  checked(mmap(mapping.start + first * page_size(), count * page_size(), kProtection,
               kFlags | MAP_FIXED, -1, 0));
  mapping.one_area = false;
}

void Mappings::resize(Mapping& mapping, Random& random) {
  const std::size_t pages = 1 + random.below(48);
  mapping.start = checked(
      mremap(mapping.start, mapping.pages * page_size(), pages * page_size(), MREMAP_MAYMOVE));
  mapping.pages = pages;
}

void Mappings::forget(std::size_t index) {
  mappings_[index] = mappings_.back();
  mappings_.pop_back();
}

}  // namespace memwatch::random_allocator
