// Writes a session to a file while it is being recorded. Callers: the collector, every second or
// so and once at the end. One thread; not copyable. The format is FORMAT.md.
//
// Each checkpoint appends one group of chunks with what changed and a commit; readers see whole
// groups only. Reports made from the file at any moment, also after SIGKILL, are those of the last
// checkpoint. The file stays bounded: when appended groups outgrow a full snapshot (and 1 MiB), the
// next checkpoint writes a full snapshot beside the file and renames it into place, so the file is
// never much larger than twice its contents and the copying costs at most as much as the
// appending did. Readers that have the old file open keep it.
//
// Costs of a checkpoint: every row of every process is hashed (about 10 ns each), changed ones are
// written. fdatasync happens at full snapshots and at finish() only.
//
// Sessions that break the model's rules are stored repaired: ids out of range become "none",
// values that are not finite 0, over-long strings are cut (limits in session_format.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "collector/base/result.h"
#include "collector/model/session.h"

namespace memwatch::capture {

class SessionWriter {
 public:
  // Creates the file, mode 0600, or empties an existing one.
  static Result<SessionWriter> create(const std::string& path);
  SessionWriter(SessionWriter&&) noexcept;
  SessionWriter& operator=(SessionWriter&&) noexcept;
  ~SessionWriter();  // leaves the file as of the last checkpoint, not finished

  // Appends what is new or changed. Code addresses and stacks only grow at their ends; any other
  // row may change; tables of a process may shrink; an address's symbols, once not empty, are
  // looked at again only by finish().
  // An Error means that nothing was written (but why, where that fits) and what the file held is
  // intact. While one cause (say, a full disk) lasts, only the first checkpoint reports it; each
  // one tries again.
  Result<void> checkpoint(const model::Session& session);

  // The last checkpoint, the mark of an orderly end, and the way to disk. Always reports its error.
  Result<void> finish(const model::Session& session);

  // Size of the file up to the last checkpoint.
  [[nodiscard]] std::uint64_t bytes_written() const;

 private:
  struct State;
  explicit SessionWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace memwatch::capture
