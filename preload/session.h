// Birth of a process as seen by the shim: real functions, options, segment, introduction to the
// collector. Runs inside the first event of a program or of a forked child.
#pragma once

#include <cstdint>

namespace memwatch::preload {

// Makes the process ready or turns recording off for it; returns with g_process.phase at ready or
// off (or starting, when another thread is at it for longer than is bearable). Any thread, any
// moment after relocation; blocks signals meanwhile; keeps errno.
void start_process_slow();

// The same from the shim's constructor, where no allocator's lock can be held.
void start_process_from_constructor();

// Called by the parent before a fork it knows of: gives the child a token to present. The child of
// a sandbox will not introduce itself; it is counted as unrecorded at once, since it may outlive
// what it could count itself in. True: so it was.
bool announce_fork();

// Called by the parent after that fork, with what announce_fork said: a later child it does not
// know of must not present the token, and one that never was does not count.
void forget_announced_fork(bool is_counted, bool has_failed);

// In the child of a fork: forces a new identity also where the kernel could not clear g_process.
void notice_fork_in_child();

// Tells the collector that an exec is under way (or has failed). Of a vfork child it tells that it
// executes a program, as note_program does: the process itself goes on.
void note_exec(bool under_way);

// Tells the collector that the child `pid`, which was not forked and so has no record, executes a
// program (or had said so and failed): should that never introduce itself, it was not recorded.
// No system call; any thread, vfork children, signal handlers.
void note_program(std::uint32_t pid, bool has_failed);

// Tells the collector the status the process is about to exit with. No effect in a vfork child.
void note_exit(int status);

// At the process's end: removes the segment's name. The memory stays mapped here and by a
// collector, so what is recorded later still has its place.
void withdraw_segment();

// Tells the collector how a child ended, as wait() reported it.
void note_child(int pid, int status);

}  // namespace memwatch::preload
