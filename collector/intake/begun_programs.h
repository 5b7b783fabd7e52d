// Reads which children of a process have executed a program without having been forked (vfork,
// posix_spawn), as the process tells it in its segment (programs of shared/segment_layout.h). Of
// such a child nothing is known before its program introduces itself, and one that cannot be
// recorded never does. The segment may be hostile: any number is possible, the work is bounded.
#pragma once

#include <cstdint>
#include <functional>

#include "shared/segment_layout.h"

namespace memwatch::intake {

// One thread at a time.
class BegunPrograms {
 public:
  // What was told before is passed over.
  explicit BegunPrograms(const protocol::SegmentHeader& header);

  // Calls `tell` with the pid, as the process knows it, of each child told of since the last look,
  // the oldest first; `has_failed`: its exec failed after all. Where there were more than the
  // segment holds (64) between two looks, only the last are told.
  void look(const protocol::SegmentHeader& header,
            const std::function<void(std::uint32_t pid, bool has_failed)>& tell);

 private:
  std::uint32_t seen_;
};

}  // namespace memwatch::intake
