// A program that limits its own address space (RLIMIT_AS, RLIMIT_DATA) counts on what it uses
// itself. Most of what memwatch has mapped by then was never touched: all but a share of the limit
// goes back before the limit holds. What is recorded stays; later there is room for fewer stacks
// and threads.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

namespace memwatch::preload {

// Before the program sets a limit, of this process or of another (`pid`, 0 for this one). `limit`
// is the program's pointer and may lead anywhere. Any thread, any signal handler.
void make_way_for_limit(pid_t pid, int resource, const rlimit* limit);

}  // namespace memwatch::preload
