// Of libc's functions only those that end in a system call or read what is the thread's own. None
// may be a point at which a thread can be cancelled.
#include "preload/kernel.h"

#include <libproc.h>
#include <mach/mach.h>
#include <mach/mach_time.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "preload/macos/errno_kept.h"

namespace memwatch::preload {

namespace {

// The system numbers threads without ever using a number again; here the low half has to do.
std::uint64_t whole_thread_id() {
  std::uint64_t id = 0;
  pthread_threadid_np(nullptr, &id);
  return id;
}

void map_at(void* from, std::size_t bytes) {
  const ErrnoKept errno_kept;
  mmap(from, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE | MAP_FIXED, -1,
       0);
}

}  // namespace

std::uint32_t own_pid() {
  return static_cast<std::uint32_t>(getpid());
}

std::uint32_t effective_user() {
  return geteuid();
}

// Microseconds since 1970.
std::uint64_t own_start_time() {
  const ErrnoKept errno_kept;
  proc_bsdinfo info{};
  const int got = proc_pidinfo(getpid(), PROC_PIDTBSDINFO, 0, &info, sizeof info);
  if (got != static_cast<int>(sizeof info)) return 0;
  return info.pbi_start_tvsec * 1'000'000 + info.pbi_start_tvusec;
}

std::uint32_t own_thread_id() {
  const auto low = static_cast<std::uint32_t>(whole_thread_id());
  return low != 0 ? low : 1;
}

// The thread that is asked about is older than the one that asks, by less than 2^32 threads.
bool is_thread_alive(std::uint32_t thread) {
  const ErrnoKept errno_kept;
  const std::uint64_t own = whole_thread_id();
  std::uint64_t whole = (own & ~0xffffffffULL) | thread;
  if (whole > own) whole -= 1ULL << 32;
  proc_threadinfo info{};
  return proc_pidinfo(getpid(), PROC_PIDTHREADID64INFO, whole, &info, sizeof info) > 0 ||
         errno != ESRCH;
}

void read_thread_name(std::uint64_t (&name)[2]) {
  pthread_getname_np(pthread_self(), reinterpret_cast<char*>(name), sizeof name);
}

std::uint64_t peak_resident_bytes() {
  const ErrnoKept errno_kept;
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? static_cast<std::uint64_t>(usage.ru_maxrss) : 0;
}

std::uint64_t monotonic_ms() {
  return clock_gettime_nsec_np(CLOCK_MONOTONIC) / 1'000'000;
}

void sleep_ns(long nanoseconds) {
  mach_timebase_info_data_t base{};  // ticks × numer / denom are nanoseconds
  if (mach_timebase_info(&base) != KERN_SUCCESS || base.numer == 0) return;
  const std::uint64_t ticks = static_cast<std::uint64_t>(nanoseconds) * base.denom / base.numer;
  mach_wait_until(mach_absolute_time() + ticks);
}

void yield() {
  thread_switch(MACH_PORT_NULL, SWITCH_OPTION_NONE, 0);
}

// What waits for words of shared memory is no public function before macOS 14.4: the callers look
// again after their turn of a few milliseconds.
void wait_while(const std::atomic<std::uint32_t>& word, std::uint32_t value, long at_most_ns) {
  if (word.load(std::memory_order_relaxed) == value) sleep_ns(at_most_ns);
}

std::uint64_t random_word() {
  const ErrnoKept errno_kept;
  std::uint64_t value = 0;
  return getentropy(&value, sizeof value) == 0 ? value : 0;
}

std::uintptr_t page_bytes() {
  return vm_page_size;
}

void* map_memory(std::size_t bytes) {
  const ErrnoKept errno_kept;
  void* const at =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

void unmap_memory(void* from, std::size_t bytes) {
  const ErrnoKept errno_kept;
  munmap(from, bytes);
}

void replace_memory(void* from, std::size_t bytes) {
  map_at(from, bytes);
}

// madvise would leave the old contents to be found again.
void empty_memory(void* from, std::size_t bytes) {
  map_at(from, bytes);
}

SignalsBlocked::SignalsBlocked() {
  sigset_t all = 0;
  sigfillset(&all);
  sigset_t before = 0;
  pthread_sigmask(SIG_BLOCK, &all, &before);
  before_ = before;
}

SignalsBlocked::~SignalsBlocked() {
  const auto before = static_cast<sigset_t>(before_);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace memwatch::preload
