// Reads a session file. Callers: report, diff, gate, serve. Thread-safe: no shared state. Memory
// is bounded by the file's size, time by its length; bytes are hostile.
//
// A file whose writer was killed, or that is damaged further on, gives the state of the last intact
// checkpoint with complete = false and a sentence in `warnings`. An Error of kind damaged means
// that nothing can be had, its `why` is one of
//   not a memwatch session …
//   written by a newer memwatch (format N, this one reads up to M)
//   damaged / cut off at byte N before the first complete checkpoint
//   nothing is in it: its recorder could not write to it: No space left on device
// Kind not_found: there is no such file. Kind system: it cannot be opened or read.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "collector/base/result.h"
#include "collector/model/session.h"

namespace memwatch::capture {

// `warnings` may be null.
Result<model::Session> read_session(const std::string& path, std::vector<std::string>* warnings);

// The same over bytes in memory; errors have no subject.
Result<model::Session> read_session_bytes(std::span<const std::byte> bytes,
                                          std::vector<std::string>* warnings);

}  // namespace memwatch::capture
