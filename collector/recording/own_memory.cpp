#include "collector/recording/own_memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace memwatch::recording {

namespace {

struct Range {
  std::uintptr_t start, end;
};

// Segments that cannot be written to, so that their pages are as in the file and come back from
// there. The kernel's own object is no file.
int find_read_only_segments(dl_phdr_info* object, std::size_t, void* into) {
  if (std::string_view(object->dlpi_name).starts_with("linux-vdso")) return 0;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t start = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    static_cast<std::vector<Range>*>(into)->push_back({start, end});
  }
  return 0;
}

}  // namespace

void drop_program_pages() {
  // The headers that tell of the segments lie in the first one: dropped while they are read, they
  // come back with fifteen pages around them, for each library.
  std::vector<Range> segments;
  dl_iterate_phdr(find_read_only_segments, &segments);
  for (const Range& segment : segments) {
    // Where it fails the pages stay, and all is as before.
    madvise(reinterpret_cast<void*>(segment.start), segment.end - segment.start, MADV_DONTNEED);
  }
}

void give_back_heap() {
  malloc_trim(0);
}

}  // namespace memwatch::recording
