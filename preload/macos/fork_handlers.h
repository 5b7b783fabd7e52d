// Every fork that libSystem makes, whoever asked for it, passes these handlers: the child gets its
// own identity before anything of the program's runs in it. In between, what the system's own
// handlers do in the forking thread is passed through, since the child would tell it in its
// parent's rings.
#pragma once

namespace memwatch::preload {

// From the library's constructor, before the program can register handlers of its own: ours run
// last before the fork and first after it.
void register_fork_handlers();

}  // namespace memwatch::preload
