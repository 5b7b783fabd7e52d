#include "preload/sandbox_calls_linux.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "preload/sandbox.h"

namespace memwatch::preload {

void prepare_for_prctl(long option, unsigned long mode, unsigned long filter) {
  const bool locks_in = option == PR_SET_SECCOMP && (mode != SECCOMP_MODE_FILTER || filter != 0);
  if (option == PR_SET_NO_NEW_PRIVS || locks_in) prepare_for_sandbox();
}

void prepare_for_seccomp(unsigned long operation, unsigned long flags, unsigned long arguments) {
  const bool is_strict = operation == SECCOMP_SET_MODE_STRICT && flags == 0 && arguments == 0;
  const bool is_filter = operation == SECCOMP_SET_MODE_FILTER && arguments != 0;
  if (is_strict || is_filter) prepare_for_sandbox();
}

}  // namespace memwatch::preload
