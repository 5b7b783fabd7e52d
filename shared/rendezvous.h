// How a shim introduces itself to a collector: one SOCK_SEQPACKET connection on a unix socket in a
// private directory, one Hello (with descriptors of the target's /proc/self/mem and maps attached),
// one Welcome (with the segment's descriptor attached), then both sides close it.
//
// The collector checks the peer's uid (SO_PEERCRED) and takes the pid from there, not from the
// Hello. The target waits for the Welcome at most kWelcomeTimeoutMs and goes on without recording.
#pragma once

#include <cstdint>

#include "shared/segment_layout.h"

namespace memwatch::protocol {

inline constexpr std::uint64_t kHelloMagic = 0x4f4c4c454854574dULL;    // "MWTHELLO"
inline constexpr std::uint64_t kWelcomeMagic = 0x454d4f434c45574dULL;  // "MWELCOME"
inline constexpr int kWelcomeTimeoutMs = 1000;

// Another memwatch asks on the same socket for a leak check of a process that is recorded here: a
// LeaksRequest in the place of the Hello. The answer is a Welcome with the magic
// below: `record` and in `path` the session that holds the verdicts, in the socket's directory and
// the asker's to remove; or `decline` and the reason. Before it, where that takes a while,
// `watching`.
inline constexpr std::uint64_t kLeaksRequestMagic = 0x454b41454c54574dULL;  // "MWTLEAKE"
inline constexpr std::uint64_t kLeaksAnswerMagic = 0x414b41454c54574dULL;   // "MWTLEAKA"

struct Hello {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t pid;  // as the target sees itself; differs in another pid namespace
  std::uint64_t start_time;
  std::uint64_t fork_token;           // 0: not the child of a recorded fork
  std::uint64_t parent_segment_id;    // 0: not a fork child
  std::uint64_t address_space_limit;  // RLIMIT_AS; ~0: none
  std::uint32_t is_fork_child;
  std::uint32_t descriptors;  // attached: 2 = mem and maps, 1 = maps only, 0 = none
};
static_assert(sizeof(Hello) == 56);

struct LeaksRequest {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t pid;
  std::uint64_t who_holds_address;  // a way from a root to the block there; 0: not asked for
  std::uint64_t who_holds_sites;    // ways to so many sites, those that hold most
  // Of a process that is not recorded exactly: what it allocates is watched for so long first. The
  // same request again, on the same connection, ends that time; closing the connection ends all.
  std::uint64_t watch_ms;
  std::uint64_t start_time;  // of the process that is meant, should its pid be another's by now
  std::uint64_t unused;
};
static_assert(sizeof(LeaksRequest) == sizeof(Hello));

enum class Verdict : std::uint32_t {
  record = 1,    // the segment's descriptor is attached: map it, fill in the target's part, go
  decline = 2,   // not wanted: run on without recording
  watching = 3,  // of a leaks request: what is allocated from now on is watched; the answer follows
};

struct Welcome {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t verdict;
  std::uint64_t segment_bytes;
  char path[128];  // of the segment, for its removal at the end of a process that was left alone
};
static_assert(sizeof(Welcome) == 152);

// Segments live in POSIX shared memory under "memwatch.<uid>.<pid>.<start time>.<16 hex digits>".
inline constexpr char kSegmentPrefix[] = "memwatch.";

// Environment. The shim reads both once; exec and spawn carry them on.
inline constexpr char kOptionsVariable[] = "MEMWATCH_OPTIONS";
// Keys in MEMWATCH_OPTIONS, "key=value:key=value":
//   socket=PATH  the collector's rendezvous (no ':' in it)
//   unwinder=builtin|libunwind|verify  how stacks are captured (default builtin)
//   allocator=system|mimalloc  mimalloc: another allocator is preloaded behind the shim (default
//   system) follow=0|1   whether children are recorded (default 1)

}  // namespace memwatch::protocol
