#include "preload/addresses.h"

#include <atomic>

#include "preload/process_state.h"
#include "preload/raw_syscalls_linux.h"
#include "preload/readable_memory.h"
#include "preload/record.h"
#include "preload/sandbox.h"
#include "preload/stack_tree.h"
#include "preload/thread_ring.h"

namespace memwatch::preload {

namespace {

// Nodes and rings may each keep this part of the limit.
constexpr std::uint64_t kShare = 16;

// Whoever comes second, another thread or a handler, leaves it to the first. Acquire and release
// are each other's partners: what was given back is seen by the next one.
constinit std::atomic<bool> g_is_giving_back{false};

}  // namespace

void make_way_for_limit(pid_t pid, int resource, const rlimit* limit) {
  if (resource != RLIMIT_AS && resource != RLIMIT_DATA) return;
  if (limit == nullptr || !is_recording() || is_sandboxed()) return;
  // A vfork child limits itself, but its memory is its parent's.
  const std::uint32_t own = raw_getpid();
  if (own != g_process.pid || (pid != 0 && static_cast<std::uint32_t>(pid) != own)) return;
  // The kernel says EFAULT to a limit that is nowhere; so must this.
  rlimit wanted{};
  if (!copy_memory(&wanted, limit, sizeof wanted) || wanted.rlim_cur == RLIM_INFINITY) return;
  if (g_is_giving_back.exchange(true, std::memory_order_acquire)) return;
  give_back_unused_nodes(wanted.rlim_cur / kShare);
  if (resource == RLIMIT_AS) give_back_unused_rings(wanted.rlim_cur / kShare);
  g_is_giving_back.store(false, std::memory_order_release);
}

}  // namespace memwatch::preload
