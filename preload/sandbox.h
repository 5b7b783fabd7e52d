// Programs that lock themselves in: once a seccomp filter may be in force, a system call of ours
// could end the program, so the shim makes none any more. It prepares when the program announces it
// (prctl: no new privileges, or seccomp itself): what recording will need is backed and looked at
// beforehand. Afterwards a thread that has no ring yet cannot get one, and stacks end where memory
// was not looked at; both are counted.
#pragma once

#include <atomic>

namespace memwatch::preload {

extern std::atomic<bool> g_is_sandboxed;

// Relaxed: set by the thread that is about to install a filter, which is the one it must reach
// first.
inline bool is_sandboxed() {
  return g_is_sandboxed.load(std::memory_order_relaxed);
}

// Called before the program's own call goes to the kernel.
void prepare_for_sandbox();

}  // namespace memwatch::preload
