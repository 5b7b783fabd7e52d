#include "tools/cli/live_alerts.h"

#include <fmt/format.h>
#include <signal.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): strerrorname_np is not in <cstring>

#include "tools/cli/message.h"
#include "tools/render/human.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::cli {

namespace {

constexpr std::size_t kFunctionWidth = 60;

std::string describe(const model::SourceFrame& frame) {
  std::string text = render::shorten_function(render::printable(frame.function), kFunctionWidth);
  if (!frame.file.empty()) {
    text += fmt::format(" {}:{}", render::short_path(render::printable(frame.file)), frame.line);
  }
  return text;
}

// The innermost frames that have a name, two of them: who called, and from where.
std::string top_of_stack(const recording::Alert& alert, symbols::Symbolizer& symbolizer) {
  std::string text;
  std::size_t named = 0;
  for (const recording::Alert::Frame& frame : alert.frames) {
    for (const model::SourceFrame& source :
         symbolizer.symbolize(frame.module, frame.address).frames) {
      if (source.function.empty() || named == 2) continue;
      text += (named == 0 ? " at " : " < ") + describe(source);
      ++named;
    }
    if (named == 2) return text;
  }
  if (named == 0 && !alert.frames.empty()) {
    const recording::Alert::Frame& frame = alert.frames.front();
    return fmt::format(" at {}+{:#x}", render::short_path(frame.module.path), frame.address.offset);
  }
  return text;
}

}  // namespace

std::string alert_line(const recording::Alert& alert, symbols::Symbolizer& symbolizer) {
  const std::string what =
      alert.is_failure
          ? fmt::format("allocation failed: {} by {}: {}", render::human_bytes(alert.size),
                        function_name(alert.function), strerror(alert.error_number))
          : fmt::format("large allocation: {} by {}", render::human_bytes(alert.size),
                        function_name(alert.function));
  const std::string thread = alert.tid != 0 ? fmt::format(", thread {}", alert.tid) : "";
  return fmt::format("{} in {} (pid {}{}){}", what, render::short_path(alert.exe), alert.pid,
                     thread, top_of_stack(alert, symbolizer));
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
