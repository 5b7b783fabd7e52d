// The end of a process under a leak check: its memory is looked at by the collector while it still
// exists, after the program's own exit handlers and destructors. The thread that ends the process
// says so in the segment and waits, bounded, for the collector to be done.
//
//   exit(), the end of main,    a handler registered before all others, the loader's included,
//   quick_exit()                so it runs last
//   _exit(), _Exit()            from their hooks
//
// Not at an exec, an abort or a signal, nor where the program makes the system call itself.
#pragma once

namespace memwatch::preload {

// From the library's constructor.
void prepare_exit_check();

// From the hooks of _exit and _Exit: returns when the process may end. At once where no collector
// asks for it or lives, in a vfork child, and where a sandbox might not allow the system calls.
// Waits at most kLongestWaitMs, and a second for a collector whose heart does not beat.
void await_exit_check();

}  // namespace memwatch::preload
