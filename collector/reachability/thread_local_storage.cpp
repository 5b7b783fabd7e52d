#include "collector/reachability/thread_local_storage.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "collector/reachability/glibc_memory.h"

namespace memwatch::reachability {

namespace {

constexpr std::uint64_t kControlBlockBytes = 2304;  // struct pthread of glibc 2.36
constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 10;

std::uint64_t thread_local_bytes_of(Memory& memory, std::uint64_t image) {
  Elf64_Ehdr header{};
  if (memory.read(image, &header, sizeof header) != sizeof header ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > 4096) {
    return 0;
  }
  std::array<Elf64_Phdr, 64> segments{};
  const std::size_t count = std::min<std::size_t>(header.e_phnum, segments.size());
  const std::size_t got =
      memory.read(image + header.e_phoff, segments.data(), count * sizeof segments[0]);
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < got / sizeof segments[0]; ++i) {
    if (segments[i].p_type != PT_TLS) continue;
    bytes += std::min(segments[i].p_memsz, kMostBytes) +
             std::min<std::uint64_t>(segments[i].p_align, 4096);
  }
  return bytes;
}

}  // namespace

std::uint64_t thread_local_bytes(Memory& memory, const std::vector<procfs::MemoryMapping>& maps) {
  std::uint64_t bytes = 0;
  std::string_view before;
  for (const procfs::MemoryMapping& mapping : maps) {
    if (mapping.is_file() && mapping.readable && mapping.path != before) {
      bytes += thread_local_bytes_of(memory, mapping.start);
    }
    before = mapping.path;
  }
  return std::min(bytes, kMostBytes);
}

bool is_thread_local(Memory& memory, std::uint64_t address, Range range, bool has_stack,
                     std::uint64_t most_bytes) {
  if (address < range.start || address >= range.end) return false;
  const auto block = thread_control_block(memory, range);
  if (!block || address >= *block + kControlBlockBytes) return false;
  return !has_stack || address + most_bytes >= *block;
}

}  // namespace memwatch::reachability
