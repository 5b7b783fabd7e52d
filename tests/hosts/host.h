/* What every host program shares: output that allocates nothing, a way to keep the compiler from
 * removing an allocation, and a check of its own. For C and C++; any thread.
 * Errors: a failed requirement ends the program with a line on stderr and status 90. */
#ifndef MEMWATCH_TESTS_HOSTS_HOST_H
#define MEMWATCH_TESTS_HOSTS_HOST_H

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define HOST_NOINLINE __attribute__((noinline))

#ifdef __cplusplus
static inline size_t host_length(int length) {
  return static_cast<size_t>(length);
}
#else
static inline size_t host_length(int length) {
  return (size_t)length;
}
#endif

/* stdio would allocate a buffer and spoil the numbers: this formats on the stack. */
__attribute__((format(printf, 1, 2))) static inline void say(const char* format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length > 0 && write(1, line, host_length(length)) != length) _exit(91);
}

/* What a tracer must have counted, for programs whose figures differ from run to run: a line of
 * "truth FIGURE=NUMBER …" on stderr, which the tests compare with the report. */
__attribute__((format(printf, 1, 2))) static inline void tell_truth(const char* format, ...) {
  char line[512] = "truth ";
  va_list arguments;
  va_start(arguments, format);
  const int length = 6 + vsnprintf(line + 6, sizeof line - 6, format, arguments);
  va_end(arguments);
  if (length > 6 && write(2, line, host_length(length)) != length) _exit(91);
}

/* Tells on stderr that what the program is about could not be done here: it runs on with what it
 * can, and the tests count it as skipped. Says why. */
static inline void degraded(const char* why) {
  char line[512];
  const int length = snprintf(line, sizeof line, "degraded: %s\n", why);
  if (length > 0 && write(2, line, host_length(length)) != length) _exit(91);
}

static inline void* keep(void* block) {
  __asm__ volatile("" : "+r"(block) : : "memory");
  return block;
}

static inline void require(int condition, const char* what) {
  if (condition) return;
  char line[512];
  const int length = snprintf(line, sizeof line, "unexpected: %s\n", what);
  if (length > 0 && write(2, line, host_length(length)) != length) _exit(91);
  _exit(90);
}

#endif
