// The memory of a process as its twin has it (twin.h), together with a copy of the few parts that
// a twin does not have. Not thread-safe, but for what it is made of.
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
  TwinMemory(ProcessMemory& twin, MemoryCopy& copy) : twin_(twin), copy_(copy) {}

  std::size_t read(std::uint64_t address, void* to, std::size_t size) override;
  Range next_present(std::uint64_t start, std::uint64_t end) override;

 private:
  ProcessMemory& twin_;
  MemoryCopy& copy_;
};

}  // namespace memwatch::reachability
