// What a mapping is, by its path. Stateless.
#pragma once

#include <string_view>

namespace memwatch::reachability {

// Memory that several processes share and that is no file on a disk.
inline bool is_memory_object(std::string_view path) {
  return path.starts_with("/dev/shm/") || path.starts_with("/memfd:") ||
         path.starts_with("/dev/zero") || path.starts_with("/SYSV") || path.starts_with("/anon");
}

// memwatch's own.
inline bool is_segment(std::string_view path) {
  return path.starts_with("/dev/shm/memwatch.");
}

}  // namespace memwatch::reachability
