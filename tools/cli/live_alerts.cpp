#include "tools/cli/live_alerts.h"

#include <fmt/format.h>
#include <signal.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): strerrorname_np is not in <cstring>

#include <utility>
#include <vector>

#include "collector/analysis/program_start.h"
#include "tools/cli/message.h"
#include "tools/render/human.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/render/stack_lines.h"

namespace memwatch::cli {

namespace {

constexpr std::size_t kHeadlineWidth = 70;

// The frame that tells most, as in the report: what lies between it and the allocator, and what
// lies outside of main, is plumbing.
std::string top_of_stack(const recording::Alert& alert, symbols::Symbolizer& symbolizer) {
  // The frames are views into these.
  std::vector<model::Symbols> symbols;
  symbols.reserve(alert.frames.size());
  std::vector<analysis::Frame> frames;
  for (const recording::Alert::Frame& at : alert.frames) {
    symbols.push_back(symbolizer.symbolize(at.module, at.address));
    analysis::Frame frame;
    frame.module = at.module.path;
    frame.offset = at.address.offset;
    if (symbols.back().frames.empty()) frames.push_back(frame);
    for (const model::SourceFrame& source : symbols.back().frames) {
      frame.function = source.function;
      frame.file = source.file;
      frame.line = source.line;
      frame.inlined = source.inlined;
      frames.push_back(frame);
    }
  }
  if (frames.empty()) return "";
  return " at " + render::frames_headline(analysis::without_program_start(std::move(frames)),
                                          kHeadlineWidth);
}

}  // namespace

std::string alert_line(const recording::Alert& alert, symbols::Symbolizer& symbolizer) {
  const std::string what =
      alert.is_failure ? fmt::format("allocation {}: {} by {}: {}",
                                     alert.is_injected ? "made to fail" : "failed",
                                     render::human_bytes(alert.size), function_name(alert.function),
                                     strerror(alert.error_number))
                       : fmt::format("large allocation: {} by {}", render::human_bytes(alert.size),
                                     function_name(alert.function));
  const std::string thread = alert.tid != 0 ? fmt::format(", thread {}", alert.tid) : "";
  return fmt::format("{} in {} (pid {}{}){}", what,
                     render::printable(render::short_path(alert.exe)), alert.pid, thread,
                     top_of_stack(alert, symbolizer));
}

LiveAlerts::LiveAlerts() : thread_([this] { run(); }) {}

LiveAlerts::~LiveAlerts() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void LiveAlerts::add(recording::Alert alert) {
  {
    const std::lock_guard lock(mutex_);
    if (++seen_ > kMaxLines + 1) return;
    waiting_.push_back(std::move(alert));
  }
  wake_.notify_all();
}

void LiveAlerts::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  symbols::Symbolizer symbolizer{symbols::SymbolizeOptions{}};
  std::size_t printed = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const recording::Alert alert = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    if (printed++ < kMaxLines) {
      print_error(alert_line(alert, symbolizer));
    } else {
      print_error("further alerts are counted in the report");
    }
    lock.lock();
  }
}

}  // namespace memwatch::cli
