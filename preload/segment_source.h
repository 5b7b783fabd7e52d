// Where a process's segment comes from: from the collector, by introducing ourselves on its socket,
// or, where there is none, from /dev/shm by our own hand, for a collector that attaches later.
// Raw system calls only; no descriptor stays open.
#pragma once

#include <cerrno>
#include <cstdint>

#include "shared/rendezvous.h"
#include "shared/segment_layout.h"

namespace memwatch::preload {

struct Introduction {
  std::uint32_t pid;
  std::uint64_t start_time;
  std::uint64_t fork_token;
  std::uint64_t parent_segment_id;
  bool is_fork_child;
};

// What is said on the collector's socket; descriptors and the limit are the system's to fill in.
inline protocol::Hello hello_of(const Introduction& introduction) {
  protocol::Hello hello{};
  hello.magic = protocol::kHelloMagic;
  hello.version = protocol::kProtocolVersion;
  hello.pid = introduction.pid;
  hello.start_time = introduction.start_time;
  hello.fork_token = introduction.fork_token;
  hello.parent_segment_id = introduction.parent_segment_id;
  hello.is_fork_child = introduction.is_fork_child ? 1 : 0;
  return hello;
}

enum class Answer : std::uint8_t {
  segment,      // mapped
  declined,     // the collector does not want this process
  unreachable,  // the collector was not reached or not understood, or its segment not mapped
};

// Why not, from the error of a system call (a number of errno's).
inline protocol::Unrecorded reason_for(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return protocol::Unrecorded::no_permission;
    case ENOENT:
    case ENOTDIR:
      return protocol::Unrecorded::not_found;
    case EMFILE:
    case ENFILE:
      return protocol::Unrecorded::no_descriptor;
    case ENOMEM:
    case ENOBUFS:
      return protocol::Unrecorded::no_memory;
    default:
      return protocol::Unrecorded::no_answer;
  }
}

// Waits for the collector's answer, at most kWelcomeTimeoutMs. Writes the segment's path to `path`,
// and to `why` what kept it from being reached. A socket of another user's, who is not root, is
// told nothing.
Answer segment_from_collector(const char* socket_path, const Introduction& introduction,
                              protocol::SegmentHeader** segment, char (&path)[128],
                              protocol::Unrecorded* why);

// A segment of our own, idle, named so that `memwatch attach` finds it. nullptr: no room, or the
// process's limits forbid it. Writes its path to `path`. Segments that an earlier image of this
// process (before an exec) left behind are removed.
protocol::SegmentHeader* segment_of_our_own(const Introduction& introduction, char (&path)[128]);

// Has this process a limit on its address space (RLIMIT_AS, RLIMIT_DATA)?
bool is_address_space_limited();

// Connects to a collector's socket and leaves again: it looks around at once instead of in a
// moment.
void wake_collector(const char* socket_path);

// Removes the name of a segment; the memory lives on as long as somebody has it mapped.
void remove_segment(const char* path);

}  // namespace memwatch::preload
