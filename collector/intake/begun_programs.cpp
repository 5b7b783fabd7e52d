#include "collector/intake/begun_programs.h"

namespace memwatch::intake {

BegunPrograms::BegunPrograms(const protocol::SegmentHeader& header)
    : seen_(header.programs_begun.load(std::memory_order_relaxed)) {}

void BegunPrograms::look(const protocol::SegmentHeader& header,
                         const std::function<void(std::uint32_t pid, bool has_failed)>& tell) {
  // Relaxed, both: an entry tells its own number, and nothing else depends on it.
  const std::uint32_t begun = header.programs_begun.load(std::memory_order_relaxed);
  if (begun - seen_ > protocol::kProgramEntries) seen_ = begun - protocol::kProgramEntries;
  for (; seen_ != begun; ++seen_) {
    const std::uint64_t entry =
        header.programs[seen_ % protocol::kProgramEntries].load(std::memory_order_relaxed);
    if (!protocol::is_program_entry(entry, seen_)) return;  // under way; the next look finds it
    tell(protocol::program_pid(entry), protocol::has_program_failed(entry));
  }
}

}  // namespace memwatch::intake
