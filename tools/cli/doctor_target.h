// Whether a program can be traced, from its files alone; it is not run.
// Thread safety: reads the environment. Errors: none, a failing check is an answer.
#pragma once

#include <string>
#include <vector>

#include "collector/procfs/own_allocator.h"
#include "collector/procfs/program_kind.h"
#include "tools/render/checks.h"

namespace memwatch::cli {

// `name` as on a command line: searched along PATH if it has no slash.
std::vector<render::Check> check_target(const std::string& name);

// The answers for a program that was found and inspected.
std::vector<render::Check> judge_program(const procfs::ProgramKind& kind,
                                         const procfs::OwnAllocator& allocator);

}  // namespace memwatch::cli
