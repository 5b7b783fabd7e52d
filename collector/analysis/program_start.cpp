#include "collector/analysis/program_start.h"

#include <algorithm>
#include <array>

#include "collector/analysis/noise_frames.h"

namespace memwatch::analysis {
namespace {

constexpr auto kStartPrefixes = std::to_array<std::string_view>(
    {"__libc_start_", "std::thread::_", "std::__invoke",
     "std::rt::", "std::panicking::", "std::panic::catch_unwind",
     "std::sys::", "std::sys_common::backtrace::__rust_begin", "std::thread::Builder::spawn",
     "core::ops::function::", "<alloc::boxed::Box<F", "<core::panic::unwind_safe::"});
constexpr auto kStartNames =
    std::to_array<std::string_view>({"_start", "start_thread", "clone", "__clone", "clone3",
                                     "__clone3", "execute_native_thread_routine"});

bool is_start(const Frame& frame) {
  // libstdc++ is usually stripped: its thread routine lies between start_thread and std::thread.
  if (frame.function.empty()) return base_name(frame.module).starts_with("libstdc++");
  if (std::find(kStartNames.begin(), kStartNames.end(), frame.function) != kStartNames.end()) {
    return true;
  }
  // Rust: "<fn() as core::ops::function::FnOnce<()>>::call_once", whatever the function's type.
  if (frame.function.find(" as core::ops::function::FnOnce<") != std::string_view::npos)
    return true;
  return std::any_of(kStartPrefixes.begin(), kStartPrefixes.end(),
                     [&](std::string_view prefix) { return frame.function.starts_with(prefix); });
}

}  // namespace

std::vector<Frame> without_program_start(std::vector<Frame> frames) {
  std::size_t end = frames.size();
  // A stripped program's _start has no name, but __libc_start_main inside of it has.
  if (end >= 2 && frames[end - 1].function.empty() &&
      frames[end - 2].function.starts_with("__libc_start_")) {
    --end;
  }
  while (end > 0 && is_start(frames[end - 1])) --end;
  const auto main_at = std::find_if(frames.rbegin(), frames.rend(),
                                    [](const Frame& f) { return f.function == "main"; });
  if (main_at != frames.rend()) {
    end = static_cast<std::size_t>(frames.rend() - main_at);
    // Rust's main function is called from the main of C through std::rt.
    if (end >= 2 && frames[end - 2].function.starts_with("std::rt::")) {
      std::size_t inner = end - 1;
      while (inner > 0 && is_start(frames[inner - 1])) --inner;
      if (inner > 0) end = inner;
    }
  }
  if (end == 0) return frames;
  if (end < frames.size() && frames[end - 1].function.empty() &&
      frames[end].function == "__libc_start_call_main") {
    frames[end - 1].function = "main";
  }
  frames.resize(end);
  return frames;
}

}  // namespace memwatch::analysis
