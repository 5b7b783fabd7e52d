#include "tools/render/status_words.h"

#include <fmt/format.h>

#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::render {

using daemon::ProcessStatus;
using daemon::Source;

std::string how_recorded(const ProcessStatus& process) {
  switch (process.source) {
    case Source::elsewhere:
      return fmt::format("by {}", process.collector);
    case Source::polled:
      return "RSS only";
    case Source::recorded:
      break;
  }
  if (process.mode == model::Mode::idle) return "idle";
  return process.mode == model::Mode::sample ? "sample" : "exact";
}

bool knows_heap(const ProcessStatus& process) {
  if (process.source == Source::polled) return false;
  return process.source == Source::elsewhere || process.mode != model::Mode::idle;
}

// A title that a program has written over its arguments, as redis and postgres do, is one word with
// blanks in it.
std::string program_line(const ProcessStatus& process) {
  const std::vector<std::string>& words = process.command;
  if (words.empty()) return printable(process.name);
  return printable(words.size() == 1 ? words.front() : command_title(words));
}

}  // namespace memwatch::render
