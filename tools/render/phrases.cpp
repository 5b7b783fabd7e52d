#include "tools/render/phrases.h"

#include <fmt/format.h>

#include <csignal>
#include <limits>

#include "collector/analysis/deviation.h"
#include "collector/analysis/failures.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/human.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kWidestProgram = 32;

}  // namespace

std::string signal_name(std::int32_t number) {
  switch (number) {
    case SIGHUP:
      return "SIGHUP";
    case SIGINT:
      return "SIGINT";
    case SIGQUIT:
      return "SIGQUIT";
    case SIGILL:
      return "SIGILL";
    case SIGTRAP:
      return "SIGTRAP";
    case SIGABRT:
      return "SIGABRT";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGKILL:
      return "SIGKILL";
    case SIGUSR1:
      return "SIGUSR1";
    case SIGSEGV:
      return "SIGSEGV";
    case SIGUSR2:
      return "SIGUSR2";
    case SIGPIPE:
      return "SIGPIPE";
    case SIGALRM:
      return "SIGALRM";
    case SIGTERM:
      return "SIGTERM";
    case SIGXCPU:
      return "SIGXCPU";
    case SIGXFSZ:
      return "SIGXFSZ";
    case SIGSYS:
      return "SIGSYS";
    default:
      return fmt::format("signal {}", number);
  }
}

std::string end_phrase(const model::Session& session, const model::Process& process) {
  // Whether it still runs nobody knows: it was not the program's end that ended the recording.
  if (!session.complete && process.exit_kind == model::ExitKind::running) {
    return "running when last seen";
  }
  return end_phrase(process);
}

std::string end_phrase(const model::Process& process) {
  switch (process.exit_kind) {
    case model::ExitKind::exited:
      return fmt::format("exit {}", process.exit_code);
    case model::ExitKind::signaled:
      return "killed by " + signal_name(process.exit_signal) +
             (process.out_of_memory_kill ? ", out of memory" : "");
    case model::ExitKind::exec:
      return "replaced by exec";
    case model::ExitKind::running:
      return "still running";
    case model::ExitKind::lost:
      return "lost sight of";
  }
  return "";
}

std::string processes_phrase(const analysis::Selection& selection,
                             const analysis::Summary& summary) {
  std::string phrase = counted(summary.pids, "process", "processes");
  if (selection.processes().size() > summary.pids) {
    phrase += ", " + counted(selection.processes().size(), "program", "programs");
  }
  return phrase;
}

std::string not_freed_phrase(analysis::EndOfRecording end) {
  switch (end) {
    case analysis::EndOfRecording::exited:
      return "not freed at exit";
    case analysis::EndOfRecording::signaled:
      return "not freed when killed";
    case analysis::EndOfRecording::running:
      return "live at the end";
    case analysis::EndOfRecording::mixed:
      return "not freed at the end";
  }
  return "";
}

std::string definite_title(const analysis::LeakReport& leaks) {
  return leaks.all_seen ? "Leaked for certain" : "Leaked, as far as could be seen";
}

std::string held_phrase(const analysis::RankedSite& leak) {
  if (leak.held_blocks == 0) return {};
  return fmt::format("{} of it in {} that {} {}", human_bytes(leak.held_bytes),
                     counted(leak.held_blocks, "block", "blocks"),
                     leak.site.live_blocks == 1 ? "it" : "they",
                     leak.site.live_blocks == 1 ? "holds" : "hold");
}

std::string error_phrase(std::uint64_t deviation) {
  return deviation == 0 ? std::string() : "± " + human_bytes(analysis::error_bar(deviation));
}

std::vector<std::string> loss_phrases(const model::Losses& losses) {
  std::vector<std::string> phrases;
  if (losses.dropped_allocations > 0) {
    phrases.push_back(counted(losses.dropped_allocations, "allocation", "allocations") +
                      " dropped");
  }
  if (losses.dropped_frees > 0) {
    phrases.push_back(counted(losses.dropped_frees, "free", "frees") + " dropped");
  }
  if (losses.damaged_records > 0) {
    phrases.push_back(counted(losses.damaged_records, "damaged record", "damaged records"));
  }
  if (losses.children_unrecorded > 0) {
    phrases.push_back(counted(losses.children_unrecorded, "child process", "child processes") +
                      " unrecorded");
  }
  if (losses.unmatched_frees > 0) {
    phrases.push_back(counted(losses.unmatched_frees, "free", "frees") + " of unknown blocks");
  }
  return phrases;
}

std::string exactness_phrase(const analysis::Summary& summary) {
  if (summary.idle) return "counters only: no stacks were recorded (--mode exact records them)";
  if (summary.sampled) {
    std::uint64_t interval = 0;
    if (summary.largest != nullptr) interval = summary.largest->sample_interval;
    return fmt::format("sampled about every {}: figures are estimates, ± is their 95 % error",
                       human_bytes(interval));
  }
  const std::vector<std::string> losses = loss_phrases(summary.sums.losses);
  if (summary.sums.losses.nothing_lost() && !summary.complete) {
    return "every call recorded up to its last checkpoint";
  }
  if (summary.sums.losses.nothing_lost()) return "exact: every call recorded, nothing lost";
  std::string phrase = losses.empty() ? "NOT exact: some calls went unrecorded" : "NOT exact";
  for (std::size_t i = 0; i < losses.size(); ++i) phrase += (i == 0 ? ": " : ", ") + losses[i];
  return phrase;
}

std::string failure_phrase(const model::Failure& failure) {
  const std::string_view name = function_name(failure.function);
  const std::string size = failure.requested == std::numeric_limits<std::uint64_t>::max()
                               ? "more than 2^64 bytes"
                               : human_bytes(failure.requested);
  std::string phrase = fmt::format("{} of {}", name.empty() ? "a call" : name, size);
  const std::string error = analysis::errno_name(failure.error_number);
  if (!error.empty()) phrase += ": " + error;
  if (failure.injected) phrase += " (injected)";
  return phrase;
}

std::string program_name(const model::Process& process) {
  std::string_view name = analysis::base_name(process.exe);
  if (name.empty() && !process.command.empty()) {
    name = analysis::base_name(process.command.front());
  }
  if (name.empty()) return fmt::format("pid {}", process.pid);
  return shorten_middle(printable(name), kWidestProgram);
}

}  // namespace memwatch::render
