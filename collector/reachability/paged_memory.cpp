#include "collector/reachability/paged_memory.h"

#include <algorithm>
#include <cstring>

namespace memwatch::reachability {

PagedMemory::PagedMemory(Memory& memory) : memory_(memory), bytes_(kPage * kKept) {}

std::size_t PagedMemory::read(std::uint64_t address, void* to, std::size_t size) {
  auto* const target = static_cast<unsigned char*>(to);
  std::size_t done = 0;
  while (done < size) {
    const std::uint64_t at = address + done;
    const std::size_t place = at / kPage % kKept;
    unsigned char* const bytes = bytes_.data() + place * kPage;
    Page& page = pages_[place];
    const std::size_t offset = at % kPage;
    if (page.address != at - offset) {
      page = {at - offset, 0};
      page.readable = memory_.read(page.address, bytes, kPage);
    }
    const std::size_t wanted = std::min(size - done, kPage - offset);
    if (offset + wanted > page.readable) {  // a hole in it: what lies behind may be there
      return done + memory_.read(at, target + done, size - done);
    }
    std::memcpy(target + done, bytes + offset, wanted);
    done += wanted;
  }
  return done;
}

}  // namespace memwatch::reachability
