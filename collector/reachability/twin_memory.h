// The memory of a process as its twin has it (twin.h), or a copy that was made while it ran
// (running_copy.h), together with a copy of the few parts that those do not have. Not thread-safe,
// but for what it is made of.
#pragma once

#include <memory>
#include <vector>

#include "collector/reachability/memory_copy.h"
#include "collector/reachability/process_memory.h"

namespace memwatch::reachability {

class TwinMemory : public Memory {
 public:
  // `twin` with the maps of the process. `others`: the copy, of these ranges, ascending; they have
  // to outlive this.
  TwinMemory(Memory& twin, MemoryCopy& copy) : twin_(twin), copy_(copy) {}

  std::size_t read(std::uint64_t address, void* to, std::size_t size) override;
  Range next_present(std::uint64_t start, std::uint64_t end) override;

 private:
  Memory& twin_;
  MemoryCopy& copy_;
};

}  // namespace memwatch::reachability
