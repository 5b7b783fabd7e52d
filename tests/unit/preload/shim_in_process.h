// The shim's recording part at work in the test program itself, on a segment the test made: no
// hooks, no environment, no rendezvous. One at a time; the collector reads the same mapping.
#pragma once

#include <cstdint>

#include "collector/intake/segment.h"

namespace memwatch::preload_testing {

class ShimInProcess {
 public:
  // The segment must outlive every thread that records.
  explicit ShimInProcess(const intake::Segment& segment);
  ~ShimInProcess();  // back to a process that was never recorded
  ShimInProcess(const ShimInProcess&) = delete;
  ShimInProcess& operator=(const ShimInProcess&) = delete;
};

// Events of made-up blocks, recorded as the hooks would around the real call.
void record_malloc(std::uint64_t address, std::size_t size);
void record_free(std::uint64_t address);

}  // namespace memwatch::preload_testing
