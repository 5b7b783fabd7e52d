// System calls without libc: they leave errno alone, take no lock, never allocate and cannot be
// intercepted by another preloaded library. Each returns the kernel's value, −errno on failure.
// Callable from anywhere: before libc is ready, in signal handlers, in forked children.
#pragma once

#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>

#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include "preload/linux_call_x86_64.h"
#else
#include "preload/linux_call_aarch64.h"
#endif

namespace memwatch::preload {

template <typename T>
long as_word(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

inline long raw_open(const char* path, int flags, int mode = 0) {
  return raw_syscall(SYS_openat, AT_FDCWD, as_word(path), flags, mode);
}
inline long raw_close(long fd) {
  return raw_syscall(SYS_close, fd);
}
inline long raw_read(long fd, void* buffer, std::size_t size) {
  return raw_syscall(SYS_read, fd, as_word(buffer), static_cast<long>(size));
}
inline long raw_write(long fd, const void* buffer, std::size_t size) {
  return raw_syscall(SYS_write, fd, as_word(buffer), static_cast<long>(size));
}
inline long raw_mmap(void* at, std::size_t size, int protection, int flags, long fd) {
  return raw_syscall(SYS_mmap, as_word(at), static_cast<long>(size), protection, flags, fd, 0);
}
inline long raw_munmap(void* at, std::size_t size) {
  return raw_syscall(SYS_munmap, as_word(at), static_cast<long>(size));
}
inline long raw_madvise(void* at, std::size_t size, int advice) {
  return raw_syscall(SYS_madvise, as_word(at), static_cast<long>(size), advice);
}
inline std::uint32_t raw_getpid() {
  return static_cast<std::uint32_t>(raw_syscall(SYS_getpid));
}
inline std::uint32_t raw_gettid() {
  return static_cast<std::uint32_t>(raw_syscall(SYS_gettid));
}

// CLOCK_MONOTONIC in milliseconds, comparable between processes of one machine.
inline std::uint64_t raw_monotonic_ms() {
  timespec now{};
  raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, as_word(&now));
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000000;
}
inline void raw_sleep_ns(long nanoseconds) {
  const timespec duration{nanoseconds / 1000000000, nanoseconds % 1000000000};
  raw_syscall(SYS_nanosleep, as_word(&duration), 0);
}

inline bool is_raw_error(long result) {
  return result < 0 && result >= -4095;
}

}  // namespace memwatch::preload
