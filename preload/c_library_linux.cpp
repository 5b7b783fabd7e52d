#include <pthread.h>

#include <atomic>

#include "preload/c_library.h"
#include "preload/raw_syscalls_linux.h"
#include "preload/real_functions.h"
#include "preload/sandbox.h"

extern "C" {
// glibc's alone. __libc_stack_end is its loader's: the stack pointer at the program's entry.
const char* gnu_get_libc_version() __attribute__((weak));
extern void* __libc_stack_end __attribute__((weak));
}

namespace memwatch::preload {

namespace {

constinit std::atomic<std::uintptr_t> g_entry{0};

// Field 28 of /proc/self/stat, "startstack".
std::uintptr_t read_entry_stack_pointer() {
  const long fd = raw_open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (is_raw_error(fd)) return 0;
  char text[1024];
  const long got = raw_read(fd, text, sizeof text);
  raw_close(fd);
  long at = got;
  while (at > 0 && text[at - 1] != ')') --at;  // the name in parentheses may contain anything
  std::uintptr_t value = 0;
  for (int field = 2; at > 0 && at < got && field <= 28; ++at) {
    if (text[at] == ' ') {
      ++field;
    } else if (field == 28 && text[at] >= '0' && text[at] <= '9') {
      value = value * 10 + static_cast<std::uintptr_t>(text[at] - '0');
    }
  }
  return value;
}

}  // namespace

bool is_glibc() {
  return gnu_get_libc_version != nullptr;
}

// Both are static functions beside exported ones, of the same source file.
bool is_start_code_of_musl(std::uintptr_t address) {
  constexpr std::uintptr_t kReach = 512;
  const auto is_beside = [address](auto* function) {
    const auto at = reinterpret_cast<std::uintptr_t>(function);
    return address + kReach > at && address < at + kReach;
  };
  return !is_glibc() && (is_beside(g_real.start_main) || is_beside(&pthread_create));
}

std::uintptr_t entry_stack_pointer() {
  if (&__libc_stack_end != nullptr) return reinterpret_cast<std::uintptr_t>(__libc_stack_end);
  std::uintptr_t entry = g_entry.load(std::memory_order_relaxed);
  if (entry == 0 && !is_sandboxed()) {
    entry = read_entry_stack_pointer();
    g_entry.store(entry, std::memory_order_relaxed);
  }
  return entry;
}

// glibc puts a thread's control block, which the thread pointer points to, at the top of the memory
// it uses as the thread's stack. musl has more between the two, and tells without a lock where the
// stack ends (glibc takes one for this question, and allocates).
std::uintptr_t top_of_own_stack() {
  const bool is_first_thread = raw_gettid() == raw_getpid();
  if (is_first_thread) return entry_stack_pointer();
  if (is_glibc()) return thread_pointer();
  pthread_attr_t attributes;
  void* low = nullptr;
  std::size_t bytes = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0 ||
      pthread_attr_getstack(&attributes, &low, &bytes) != 0) {
    return thread_pointer();
  }
  return reinterpret_cast<std::uintptr_t>(low) + bytes;
}

}  // namespace memwatch::preload
