#include "preload/exit_check.h"

#include <errno.h>

#include <atomic>

#include "preload/main_return.h"
#include "preload/process_state.h"
#include "preload/raw_syscalls_linux.h"
#include "preload/record.h"
#include "preload/sandbox.h"
#include "preload/segment_source.h"
#include "preload/thread_local_state.h"

// Of the C library. The last argument of atexit's is the library whose unloading runs the handler:
// none, since ours has to outlast them all.
extern "C" int __cxa_atexit(void (*handler)(void*), void* argument, void* library);
extern "C" int __cxa_at_quick_exit(void (*handler)(void*), void* library) __attribute__((weak));

namespace memwatch::preload {

namespace {

using namespace protocol;

constexpr long kTurnNs = 5'000'000;
constexpr unsigned kLongestWaitMs = 60'000;
constexpr unsigned kSilenceMs = 1000;
constexpr int kFutexWait = 0;

constinit std::atomic<std::uint32_t> g_announced_by{0};  // the process that has announced its end

bool is_asked_for() {
  if (!is_ready() || is_sandboxed()) return false;
  const SegmentHeader& header = *g_process.segment;
  return header.leak_check.load(std::memory_order_relaxed) != 0 &&
         header.control.load(std::memory_order_relaxed) ==
             static_cast<std::uint32_t>(Control::exact) &&
         raw_getpid() == g_process.pid;  // else a vfork child, whose parent goes on
}

// Until the collector lets go; counted in turns, not by the clock, since both may be stopped.
void wait_for_release(SegmentHeader& header) {
  constexpr unsigned kTurnMs = kTurnNs / 1'000'000;
  const timespec turn{0, kTurnNs};
  std::uint64_t last_beat = header.heartbeat_ms.load(std::memory_order_relaxed);
  unsigned silent_ms = 0;
  for (unsigned waited_ms = 0; waited_ms < kLongestWaitMs; waited_ms += kTurnMs) {
    // Acquire is not needed: nothing of what the collector did is read.
    if (header.exit_released.load(std::memory_order_relaxed) != 0) return;
    raw_syscall(SYS_futex, as_word(&header.exit_released), kFutexWait, 0, as_word(&turn));
    if (header.leak_check.load(std::memory_order_relaxed) == 0) return;  // it has let go of us
    const std::uint64_t beat = header.heartbeat_ms.load(std::memory_order_relaxed);
    silent_ms = beat != last_beat ? 0 : silent_ms + kTurnMs;
    last_beat = beat;
    if (silent_ms >= kSilenceMs) return;
  }
}

}  // namespace

// `registers`: those of the caller, saved below its stack pointer by what follows. `pc`, `sp`,
// `fp`: its call site.
extern "C" [[gnu::visibility("hidden"), gnu::used]] void memwatch_await_exit_check(
    const std::uint64_t* registers, std::uint64_t stack_pointer, std::uintptr_t pc,
    std::uintptr_t sp, std::uintptr_t fp) {
  if (!is_asked_for()) return;
  const int errno_before = errno;
  SegmentHeader& header = *g_process.segment;
  // A second thread that ends the process meanwhile waits as well.
  if (g_announced_by.exchange(g_process.pid, std::memory_order_relaxed) != g_process.pid) {
    header.exit_tid = raw_gettid();
    const std::uintptr_t after_main =
        raw_gettid() == g_process.pid ? stack_pointer_after_main({pc, sp, fp}) : 0;
    header.exit_stack_pointer = after_main != 0 ? after_main : stack_pointer;
    for (std::size_t i = 0; i < kExitRegisters; ++i) {
      header.exit_registers[i] = after_main != 0 ? 0 : registers[i];
    }
    header.exit_waiting.store(1, std::memory_order_release);
    char path[kMaxRendezvousPath];
    for (std::size_t i = 0; i < sizeof path; ++i) path[i] = header.rendezvous[i];
    path[sizeof path - 1] = '\0';
    wake_collector(path);
  }
  wait_for_release(header);
  errno = errno_before;
}

void prepare_exit_check() {
  const OwnWork a_long_list_is_allocated;
  const auto handler = reinterpret_cast<void (*)(void*)>(await_exit_check);
  __cxa_atexit(handler, nullptr, nullptr);
  if (__cxa_at_quick_exit != nullptr) __cxa_at_quick_exit(handler, nullptr);
}

}  // namespace memwatch::preload
