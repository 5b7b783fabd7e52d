// The segments in segment_directory() that belong to this user's processes, and the removal of
// those whose process is gone. Names carry pid and start time, so a reused pid is never taken for
// the old one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace memwatch::intake {

struct SegmentName {
  std::string name;
  std::uint32_t uid = 0;
  pid_t pid = 0;
  std::uint64_t start_time = 0;
};

// Parses "memwatch.<uid>.<pid>.<start time>.<hex>"; false for anything else.
bool parse_segment_name(const std::string& name, SegmentName* parsed);

// The segments of this user (of all users for root) whose process lives, ordered by pid.
std::vector<SegmentName> living_segments();

// The same in two steps, for those who look often: names alone cost no look at their processes.
std::vector<SegmentName> segment_names();
bool is_living(const SegmentName& segment);

// Removes the segments of this user whose process is gone and which no living collector reads.
void sweep_stale_segments();

}  // namespace memwatch::intake
