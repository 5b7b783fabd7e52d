// libc's syscall(), which programs use for what has no function of its own, or to go around it:
// hooked for the calls that concern us, a sandbox to come and limits on addresses. Not seen: the
// instruction itself. The function is assembly, a twin for each processor, because every other call
// has to reach the real one as it came: with its registers, with a stack argument that may not be
// there and then is the caller's own variable, and without a frame of ours, for there are calls
// that return twice or on another stack. Here is what the twins call.
#include <errno.h>
#include <sys/resource.h>

#include "preload/addresses.h"
#include "preload/entry_points.h"
#include "preload/raw_syscalls_linux.h"
#include "preload/real_functions.h"
#include "preload/sandbox_calls_linux.h"

namespace mw = memwatch::preload;

extern "C" {

// Before the real function is known.
static long call_kernel(long number, long a, long b, long c, long d, long e, long f) {
  const long result = mw::raw_syscall(number, a, b, c, d, e, f);
  if (!mw::is_raw_error(result)) return result;
  errno = static_cast<int>(-result);
  return -1;
}

[[gnu::visibility("hidden"), gnu::used]] constinit mw::SystemCall memwatch_real_syscall =
    call_kernel;

// For the four numbers that the twins single out.
[[gnu::visibility("hidden"), gnu::used]] void memwatch_before_syscall(long number, long a, long b,
                                                                      long c) {
  if (number == SYS_seccomp) {
    mw::prepare_for_seccomp(static_cast<unsigned long>(a), static_cast<unsigned long>(b),
                            static_cast<unsigned long>(c));
  } else if (number == SYS_prctl) {
    mw::prepare_for_prctl(a, static_cast<unsigned long>(b), static_cast<unsigned long>(c));
  } else if (number == SYS_setrlimit) {
    mw::make_way_for_limit(0, static_cast<int>(a), reinterpret_cast<const rlimit*>(b));
  } else {
    mw::make_way_for_limit(static_cast<pid_t>(a), static_cast<int>(b),
                           reinterpret_cast<const rlimit*>(c));
  }
}

}  // extern "C"
