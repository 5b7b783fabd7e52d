#include "collector/analysis/chosen_process.h"

namespace memwatch::analysis {

ChosenProcess choose_process(const Selection& selection) {
  ChosenProcess chosen;
  for (const model::Process* process : selection.processes()) {
    if (chosen.process != nullptr && process->pid != chosen.process->pid) continue;
    chosen.process = process;
    ++chosen.images;
  }
  return chosen;
}

}  // namespace memwatch::analysis
