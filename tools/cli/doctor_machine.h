// What of this machine decides whether tracing works: the preload library, room in /dev/shm, the
// runtime folder, limits, debug files.
// Thread safety: reads the environment. Errors: none, a failing check is an answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/render/checks.h"

namespace memwatch::cli {

std::vector<render::Check> check_machine();

// The single answers that can be tested without the machine.
render::Check judge_shared_memory(std::uint64_t free_bytes, std::uint64_t all_bytes, bool writable);
render::Check judge_ptrace_scope(int scope);  // of Yama; -1 where there is none
render::Check judge_cgroup(std::uint64_t usage_bytes, std::uint64_t limit_bytes);

}  // namespace memwatch::cli
