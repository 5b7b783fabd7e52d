// The one process that a format of one process shows: the root of the session, or the one that
// --pid names. A pid may stand for several images, where exec replaced one program by another; the
// last of them is the program that the user meant (`env`, `nice` and shells exec what they start).
// Thread safety: pure functions. Errors: none; null when the session has no process.
#pragma once

#include <cstddef>

#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct ChosenProcess {
  const model::Process* process = nullptr;
  std::size_t images = 0;  // how many the pid has, `process` being the last of them
};

ChosenProcess choose_process(const Selection& selection);

}  // namespace memwatch::analysis
