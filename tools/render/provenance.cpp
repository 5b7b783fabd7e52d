#include "tools/render/provenance.h"

#include <fmt/format.h>

#include "tools/render/human.h"
#include "tools/render/json_report.h"
#include "tools/render/printable.h"

namespace memwatch::render {

std::string command_line(const model::Process& process) {
  std::string line;
  for (const std::string& argument : process.command) {
    if (!line.empty()) line += ' ';
    line += argument;
  }
  return printable(line.empty() ? process.exe : line);
}

std::vector<std::string> provenance(const model::Session& session, const model::Process& process) {
  std::vector<std::string> sentences;
  sentences.push_back(fmt::format("Recorded by memwatch {} on {}, {}.",
                                  printable(session.memwatch_version), printable(session.host),
                                  rfc3339(session.started_at + process.start)));
  sentences.push_back(fmt::format("Process {}: {}", process.pid, printable(process.exe)));
  if (process.mode == model::Mode::sample) {
    sentences.push_back(
        fmt::format("A sample: all figures are estimates from one block in {} on average.",
                    human_bytes(process.sample_interval)));
  } else if (process.mode == model::Mode::idle) {
    sentences.push_back("Recorded idle: allocations were only counted, there are no stacks.");
  }
  if (!session.complete) sentences.push_back("The recording was cut short.");
  if (process.mode == model::Mode::exact && !process.losses.exact) {
    sentences.push_back(fmt::format("Events were lost: {} allocations, {} frees.",
                                    process.losses.dropped_allocations,
                                    process.losses.dropped_frees));
  }
  if (process.losses.children_unrecorded > 0) {
    sentences.push_back(fmt::format(
        "Of {} that it started nothing was recorded.",
        counted(process.losses.children_unrecorded, "child process", "child processes")));
  }
  return sentences;
}

}  // namespace memwatch::render
