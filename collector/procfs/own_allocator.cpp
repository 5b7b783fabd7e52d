#include "collector/procfs/own_allocator.h"

#include <elf.h>

#include <algorithm>
#include <exception>
#include <unordered_map>

#include "collector/procfs/elf_image.h"

namespace memwatch::procfs {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{1} << 20;
constexpr std::uint64_t kMaxTableBytes = std::uint64_t{1} << 30;  // a second of reading
constexpr std::size_t kMaxPlaces = 4096;  // "malloc" ends a few dozen names in real programs

// Name offsets at which a string equal to one of the names begins, with the name's index. A name
// may begin inside a longer string ("xmalloc"), since linkers share tails.
using Places = std::unordered_map<std::uint64_t, std::size_t>;

Places find_names(const ElfImage& image, const ElfSection& strings) {
  Places places;
  constexpr std::size_t kOverlap = 16;  // longer than any name with its terminator
  const std::uint64_t size = std::min({strings.bytes, kMaxTableBytes, image.file_bytes()});
  for (std::uint64_t start = 0; start < size; start += kWindowBytes) {
    const std::string window = image.read(
        strings.offset + start,
        static_cast<std::size_t>(std::min<std::uint64_t>(size - start, kWindowBytes + kOverlap)));
    for (std::size_t name = 0; name < kAllocatorNames.size(); ++name) {
      const std::string wanted = std::string(kAllocatorNames[name]) + '\0';
      for (std::size_t at = window.find(wanted); at != std::string::npos;
           at = window.find(wanted, at + 1)) {
        if (places.size() >= kMaxPlaces) return places;
        places.emplace(start + at, name);
      }
    }
    if (window.empty()) break;
  }
  return places;
}

template <std::size_t kCount>
void find_definitions(const ElfImage& image, const ElfSection& symbols, const Places& places,
                      std::array<bool, kCount>& found) {
  const std::size_t entry = image.is_64() ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
  const std::size_t info_at =
      image.is_64() ? offsetof(Elf64_Sym, st_info) : offsetof(Elf32_Sym, st_info);
  const std::size_t section_at =
      image.is_64() ? offsetof(Elf64_Sym, st_shndx) : offsetof(Elf32_Sym, st_shndx);
  const std::size_t window_bytes = kWindowBytes / entry * entry;
  const std::uint64_t size = std::min({symbols.bytes, kMaxTableBytes, image.file_bytes()});
  for (std::uint64_t start = 0; start < size; start += window_bytes) {
    const std::string window =
        image.read(symbols.offset + start,
                   static_cast<std::size_t>(std::min<std::uint64_t>(size - start, window_bytes)));
    for (std::size_t at = 0; at + entry <= window.size(); at += entry) {
      const auto place = places.find(image.integer(window, at, 4));
      if (place == places.end()) continue;
      const std::uint64_t type = image.integer(window, at + info_at, 1) & 0xf;
      const bool code = type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
      if (code && image.integer(window, at + section_at, 2) != SHN_UNDEF) {
        found[place->second] = true;
      }
    }
    if (window.empty()) break;
  }
}

OwnAllocator search(const ElfImage& image) {
  OwnAllocator allocator;
  for (const ElfSection& section : image.sections()) {
    const bool dynamic = section.type == SHT_DYNSYM;
    if ((!dynamic && section.type != SHT_SYMTAB) || section.link >= image.sections().size()) {
      continue;
    }
    const Places places = find_names(image, image.sections()[section.link]);
    if (places.empty()) continue;
    find_definitions(image, section, places, dynamic ? allocator.exported : allocator.defined);
  }
  return allocator;
}

std::size_t index_of(std::string_view name) {
  return static_cast<std::size_t>(std::find(kAllocatorNames.begin(), kAllocatorNames.end(), name) -
                                  kAllocatorNames.begin());
}

}  // namespace

bool OwnAllocator::exports(std::string_view name) const {
  const std::size_t index = index_of(name);
  return index < exported.size() && exported[index];
}

bool OwnAllocator::defines(std::string_view name) const {
  const std::size_t index = index_of(name);
  return index < defined.size() && (defined[index] || exported[index]);
}

std::string_view OwnAllocator::description() const {
  if (defines("mi_malloc")) return "mimalloc";
  if (defines("je_malloc")) return "jemalloc";
  if (defines("tc_malloc")) return "tcmalloc";
  return defines("malloc") ? "its own malloc" : "";
}

Result<OwnAllocator> find_own_allocator(const std::string& path) {
  try {
    Result<std::optional<ElfImage>> image = ElfImage::open(path);
    if (!image) return image.error();
    if (!image->has_value()) return OwnAllocator{};
    return search(**image);
  } catch (const std::exception& problem) {
    return Error{ErrorKind::system, "read the program", path, problem.what(), {}};
  }
}

}  // namespace memwatch::procfs
