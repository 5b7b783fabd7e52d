// The memory of another process, through a descriptor of its /proc/PID/mem (ours, or the one it
// handed over when it introduced itself), else by process_vm_readv. What is mapped is known from
// its maps; of long ranges the page map tells what was ever touched, so that reservations of
// terabytes cost nothing and are not touched by us. Not thread-safe, but for read() once
// why_unreadable() has been asked.
//
// process_vm_readv pins pages, and since Linux 5.19 a page that two processes share copy-on-write
// is copied before it is pinned: reading a twin, or a process with forked children, made all of it
// anew (0.3 GiB/s, and the memory a second time). The descriptor gives 5 GiB/s and leaves pages as
// they are; where nothing is shared the call would give 8.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <string>
#include <vector>

#include "collector/base/unique_fd.h"
#include "collector/procfs/memory_maps.h"
#include "collector/reachability/memory.h"

namespace memwatch::reachability {

class ProcessMemory : public Memory {
 public:
  // `descriptor`: of the process's mem file, or -1; stays the caller's. Maps are those of the
  // process as it is now.
  ProcessMemory(pid_t pid, int descriptor, std::vector<procfs::MemoryMapping> maps);

  std::size_t read(std::uint64_t address, void* to, std::size_t size) override;
  Range next_present(std::uint64_t start, std::uint64_t end) override;

  // Can anything be read at all? Why not, "" if so.
  [[nodiscard]] std::string why_unreadable();

  [[nodiscard]] const std::vector<procfs::MemoryMapping>& maps() const { return maps_; }

 private:
  Range touched_part(const procfs::MemoryMapping& mapping, Range range);

  pid_t pid_;
  int descriptor_;
  UniqueFd own_descriptor_, page_map_;
  std::atomic<int> last_error_{0};  // relaxed: for a message
  std::vector<procfs::MemoryMapping> maps_;
};

}  // namespace memwatch::reachability
