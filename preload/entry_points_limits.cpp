// Functions by which a program limits itself. They forward; what memwatch does not need is unmapped
// before. Not seen: the bare system call, and limits that another process sets.
#include <errno.h>
#include <sys/resource.h>

#include "preload/addresses.h"
#include "preload/entry_points.h"
#include "preload/raw_syscalls_linux.h"
#include "preload/real_functions.h"

namespace mw = memwatch::preload;

namespace {

static_assert(sizeof(rlimit) == sizeof(rlimit64));  // of 64-bit systems: one function, two names

int set_limit(pid_t pid, int resource, const rlimit* limit, rlimit* before) {
  mw::make_way_for_limit(pid, resource, limit);
  if (mw::g_real.prlimit != nullptr) return mw::g_real.prlimit(pid, resource, limit, before);
  const long result =
      mw::raw_syscall(SYS_prlimit64, pid, resource, mw::as_word(limit), mw::as_word(before));
  if (!mw::is_raw_error(result)) return static_cast<int>(result);
  errno = static_cast<int>(-result);
  return -1;
}

int set_own_limit(int resource, const rlimit* limit) {
  mw::make_way_for_limit(0, resource, limit);
  if (mw::g_real.setrlimit != nullptr) return mw::g_real.setrlimit(resource, limit);
  return set_limit(0, resource, limit, nullptr);
}

}  // namespace

MEMWATCH_EXPORT int setrlimit(__rlimit_resource_t resource, const struct rlimit* limit) noexcept {
  return set_own_limit(static_cast<int>(resource), limit);
}

MEMWATCH_EXPORT int setrlimit64(__rlimit_resource_t resource,
                                const struct rlimit64* limit) noexcept {
  return set_own_limit(static_cast<int>(resource), reinterpret_cast<const rlimit*>(limit));
}

MEMWATCH_EXPORT int prlimit(pid_t pid, __rlimit_resource resource, const struct rlimit* limit,
                            struct rlimit* before) noexcept {
  return set_limit(pid, static_cast<int>(resource), limit, before);
}

MEMWATCH_EXPORT int prlimit64(pid_t pid, __rlimit_resource resource, const struct rlimit64* limit,
                              struct rlimit64* before) noexcept {
  return set_limit(pid, static_cast<int>(resource), reinterpret_cast<const rlimit*>(limit),
                   reinterpret_cast<rlimit*>(before));
}
