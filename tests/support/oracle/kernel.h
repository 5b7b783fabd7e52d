/* The system calls behind the functions that this library wraps, so that it can map memory itself.
 * syscall() reads every argument as a long: an int passed as it is leaves its upper half to chance.
 * Any thread, any time. Errors: as the kernel's, MAP_FAILED and errno. */
#ifndef MEMWATCH_TESTS_ORACLE_KERNEL_H
#define MEMWATCH_TESTS_ORACLE_KERNEL_H

#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline void* kernel_mmap(void* address, size_t length, int protection, int flags, int file,
                                off_t offset) {
  return (void*)syscall(SYS_mmap, address, length, (long)protection, (long)flags, (long)file,
                        (long)offset);
}

static inline int kernel_munmap(void* address, size_t length) {
  return (int)syscall(SYS_munmap, address, length);
}

static inline void* kernel_mremap(void* address, size_t old_length, size_t new_length, int flags,
                                  void* wanted) {
  return (void*)syscall(SYS_mremap, address, old_length, new_length, (long)flags, wanted);
}

#endif
