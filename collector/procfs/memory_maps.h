// The mappings of a process as /proc/PID/maps tells them. Stateless; any thread. Lines that make no
// sense are left out; names may be hostile and are kept as they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace memwatch::procfs {

struct MemoryMapping {
  std::uint64_t start = 0, end = 0;
  bool readable = false, writable = false, executable = false, shared = false;
  std::uint64_t offset = 0;  // in the file
  std::uint64_t inode = 0;   // 0: no file
  std::string path;          // "", "/usr/lib/…", "[heap]", "/dev/shm/… (deleted)"

  [[nodiscard]] bool contains(std::uint64_t address) const {
    return address >= start && address < end;
  }
  [[nodiscard]] bool is_file() const { return inode != 0; }
};

// One line of it; false where it makes no sense.
bool parse_mapping_line(std::string_view line, MemoryMapping* mapping);

// Ascending by address.
std::vector<MemoryMapping> parse_memory_maps(std::string_view text);

// Of a process, or through a descriptor of its own maps file; empty where neither can be read.
std::vector<MemoryMapping> read_memory_maps(std::int32_t pid, int descriptor = -1);

// The mapping that contains the address, or null.
const MemoryMapping* find_mapping(const std::vector<MemoryMapping>& maps, std::uint64_t address);

}  // namespace memwatch::procfs
