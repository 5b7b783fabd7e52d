/* The instruction that a signal interrupted, from the handler's third argument, for each processor.
 */
#ifndef MEMWATCH_TESTS_HOSTS_INTERRUPTED_CODE_H
#define MEMWATCH_TESTS_HOSTS_INTERRUPTED_CODE_H

#include <stdint.h>
#include <ucontext.h>

static inline uintptr_t interrupted_code(const void* context) {
  const ucontext_t* const interrupted = context;
#if defined(__aarch64__)
  return (uintptr_t)interrupted->uc_mcontext.pc;
#else
  return (uintptr_t)interrupted->uc_mcontext.gregs[REG_RIP];
#endif
}

#endif
