// How a process that is not our child has ended, by the kernel's word. Any thread. Empty: nobody
// can tell, since its parent has fetched the status already (before Linux 6.15) or the kernel hides
// it.
#pragma once

#include <sys/types.h>

#include <optional>

namespace memwatch::procfs {

// As wait(2) would give it. `pidfd` was opened while the process lived; -1: there is none.
std::optional<int> wait_status_of_ended(pid_t pid, int pidfd);

}  // namespace memwatch::procfs
