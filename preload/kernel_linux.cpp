// System calls without libc.
#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstring>

#include "preload/kernel.h"
#include "preload/process_state.h"
#include "preload/processor.h"
#include "preload/raw_syscalls_linux.h"

namespace memwatch::preload {

std::uint32_t own_pid() {
  return raw_getpid();
}

std::uint32_t effective_user() {
  return static_cast<std::uint32_t>(raw_syscall(SYS_geteuid));
}

// Field 22 of /proc/self/stat: clock ticks since boot.
std::uint64_t own_start_time() {
  const long fd = raw_open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (is_raw_error(fd)) return 0;
  char text[1024];
  const long got = raw_read(fd, text, sizeof text - 1);
  raw_close(fd);
  if (got <= 0) return 0;
  text[got] = '\0';
  const char* at = std::strrchr(text, ')');  // the name in parentheses may contain anything
  if (at == nullptr) return 0;
  for (int field = 2; field < 22; ++field) {
    at = std::strchr(at + 1, ' ');
    if (at == nullptr) return 0;
  }
  std::uint64_t value = 0;
  for (++at; *at >= '0' && *at <= '9'; ++at) value = value * 10 + static_cast<unsigned>(*at - '0');
  return value;
}

std::uint32_t own_thread_id() {
  return raw_gettid();
}

bool is_thread_alive(std::uint32_t thread) {
  return raw_syscall(SYS_tgkill, g_process.pid, thread, 0) != -ESRCH;
}

void read_thread_name(std::uint64_t (&name)[2]) {
  raw_syscall(SYS_prctl, PR_GET_NAME, as_word(name));
}

std::uint64_t monotonic_ms() {
  return raw_monotonic_ms();
}

void sleep_ns(long nanoseconds) {
  raw_sleep_ns(nanoseconds);
}

void yield() {
  raw_syscall(SYS_sched_yield);
}

void wait_while(const std::atomic<std::uint32_t>& word, std::uint32_t value, long at_most_ns) {
  constexpr int kFutexWait = 0;
  const timespec limit{0, at_most_ns};
  raw_syscall(SYS_futex, as_word(&word), kFutexWait, value, as_word(&limit));
}

std::uint64_t random_word() {
  std::uint64_t value = 0;
  raw_syscall(SYS_getrandom, as_word(&value), sizeof value, 1 /* GRND_NONBLOCK */);
  return value;
}

std::uint64_t peak_resident_bytes() {
  rusage usage{};
  raw_syscall(SYS_getrusage, RUSAGE_SELF, as_word(&usage));
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::uintptr_t page_bytes() {
  return kPageAlignment == 4096 ? 4096 : getauxval(AT_PAGESZ);  // on x86-64 there is but one size
}

void* map_memory(std::size_t bytes) {
  const long at = raw_mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
  return is_raw_error(at) ? nullptr : reinterpret_cast<void*>(at);
}

void unmap_memory(void* from, std::size_t bytes) {
  raw_munmap(from, bytes);
}

void replace_memory(void* from, std::size_t bytes) {
  raw_mmap(from, bytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1);
}

void empty_memory(void* from, std::size_t bytes) {
  raw_madvise(from, bytes, MADV_DONTNEED);
}

SignalsBlocked::SignalsBlocked() {
  const std::uint64_t all = ~0ULL;
  raw_syscall(SYS_rt_sigprocmask, 0 /* SIG_BLOCK */, as_word(&all), as_word(&before_), 8);
}

SignalsBlocked::~SignalsBlocked() {
  raw_syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, as_word(&before_), 0, 8);
}

}  // namespace memwatch::preload
